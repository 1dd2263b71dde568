// What a start asks of a store before it reads it, and the sentences for one that cannot be used.
// Free functions; core thread only.
#pragma once

#include <string>
#include <string_view>

#include "base/storage/storage.h"
#include "chain/store/index_store.h"

namespace parley {

/// What to do about a store that cannot be used.
inline constexpr std::string_view kDamagedStoreAdvice =
    "Restore blocks and chainstate from a copy, or move both away to start over.";

/// The sentence for a store whose contents cannot be right.
std::string damaged_store(std::string_view directory, std::string_view problem);

/// Is this store new (true) or ours? The error is a sentence: it belongs to another chain, engine
/// or program, or it cannot be read.
Expected<bool, std::string> check_store(const Storage& storage, std::string_view directory,
                                        const StoreMeta& expected);

}  // namespace parley
