// The backup of a wallet: one file with all records of its store. The format: the magic bytes, the
// number of records, the key and the value of each, in ascending order of the keys, and the
// SHA-256d of all that precedes it. Numbers and lengths are CompactSizes. The meaning of the
// records and their version are the store's (wallet_store.h). They include private keys.
// Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/storage/storage.h"

namespace parley {

using WalletRecords = std::vector<WriteBatch::Put>;

/// Ends in the version of the file's format.
inline constexpr std::string_view kWalletFileMagic = "parley wallet 1\n";

Bytes encode_wallet_file(const WalletRecords& records);
/// The error is a sentence: it is another kind of file, or damaged.
Expected<WalletRecords, std::string> decode_wallet_file(ByteSpan file);

}  // namespace parley
