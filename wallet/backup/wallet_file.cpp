#include "wallet/backup/wallet_file.h"

#include <algorithm>

#include "base/crypto/sha256.h"
#include "base/serialize.h"

namespace parley {
namespace {

constexpr size_t kDigestSize = 32;

}  // namespace

Bytes encode_wallet_file(const WalletRecords& records) {
    Writer writer;
    writer.bytes(as_bytes(kWalletFileMagic)).compact_size(records.size());
    for (const WriteBatch::Put& record : records)
        writer.var_bytes(record.key).var_bytes(record.value);
    writer.hash(sha256d(writer.data()));
    return writer.take();
}

Expected<WalletRecords, std::string> decode_wallet_file(ByteSpan file) {
    const ByteSpan magic = as_bytes(kWalletFileMagic);
    if (file.size() < magic.size() || !std::ranges::equal(file.first(magic.size()), magic))
        return Unexpected(std::string{"The file is not a backup of a wallet of this program"});
    const std::string damaged = "The backup is damaged: it is incomplete, or was changed";
    if (file.size() < magic.size() + kDigestSize) return Unexpected(damaged);
    const ByteSpan content = file.first(file.size() - kDigestSize);
    const Hash256 digest = sha256d(content);
    if (!std::ranges::equal(digest.span(), file.last(kDigestSize))) return Unexpected(damaged);
    Reader reader(content.subspan(magic.size()));
    WalletRecords records(reader.count(2));
    for (WriteBatch::Put& record : records) {
        record.key = to_bytes(reader.var_bytes());
        record.value = to_bytes(reader.var_bytes());
    }
    const auto ascending = [](const auto& a, const auto& b) { return !(a.key < b.key); };
    if (!reader.done() || std::ranges::adjacent_find(records, ascending) != records.end())
        return Unexpected(damaged);
    return records;
}

}  // namespace parley
