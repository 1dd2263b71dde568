// Checks a store before it is read at start-up, and the messages for a store that cannot be used.
// Free functions; core thread only.
#pragma once

#include <string>
#include <string_view>

#include "base/storage/storage.h"
#include "chain/store/index_store.h"

namespace parley {

/// Advice for the user about an unusable store.
inline constexpr std::string_view kDamagedStoreAdvice =
    "Restore blocks and chainstate from a copy, or move both away to start over.";

/// The message for a store with inconsistent contents.
std::string damaged_store(std::string_view directory, std::string_view problem);

/// True: the store is new; false: it is ours. The error is a sentence: the store belongs to another
/// chain, engine or program, or cannot be read.
Expected<bool, std::string> check_store(const Storage& storage, std::string_view directory,
                                        const StoreMeta& expected);

}  // namespace parley
