// Checks a store before it is read at start-up, and the messages for a store that cannot be used.
// Free functions; core thread only.
#pragma once

#include <string>
#include <string_view>

#include "base/storage/storage.h"
#include "chain/store/index_store.h"

namespace parley {

/// Advice for the user about damaged block files or a damaged index of them. A PBFT validator
/// cannot rebuild its index: the record of its votes is in there.
inline constexpr std::string_view kDamagedBlocksAdvice =
    "Restart with -reindex to rebuild it; with -consensus=pbft, restore blocks from a copy.";
/// The same about the coins.
inline constexpr std::string_view kDamagedCoinsAdvice =
    "Restart with -reindex-chainstate to rebuild it, or with -reindex if that fails or the node is "
    "pruned.";

/// The message for a store with inconsistent contents, `directory` being "chainstate", "blocks" or
/// "blocks/index". It begins with bitcoind's.
std::string damaged_store(std::string_view directory, std::string_view problem);

/// True: the store is new; false: it is ours. The error is a sentence: the store belongs to another
/// chain, engine or program, or cannot be read.
Expected<bool, std::string> check_store(const Storage& storage, std::string_view directory,
                                        const StoreMeta& expected);

}  // namespace parley
