// Pruner: removes block files whose blocks are all buried, with their undo data (-prune). What
// stays of a block is its header, the number of its transactions, and that it was connected. Owned
// by Chainstate; core thread only.
#pragma once

#include <optional>
#include <vector>

#include "base/log.h"
#include "chain/state/coins.h"
#include "chain/state/stored_blocks.h"

namespace parley {

struct PruneState {
    bool enabled = false;
    uint64_t target_bytes = 0;        ///< 0: by hand only
    std::optional<Height> pruned_to;  ///< the last block that is not there any more
};

class Pruner {
 public:
    struct Options {
        bool enabled = false;
        uint64_t target_bytes = 0;    ///< of block and undo files; 0: by hand only
        int32_t after_height = 0;     ///< a shorter chain is kept whole
        uint64_t file_bytes_max = 0;  ///< of a block file
    };

    /// All that is passed by reference outlives it.
    Pruner(const Options& options, const BlockIndex& index, StoredBlocks& blocks, Coins& coins,
           LogSink& log)
        : options_(options), index_(index), blocks_(blocks), coins_(coins), log_(log) {}

    PruneState state() const;
    /// Removes the files whose blocks all lie at or below this height, and far enough below the
    /// tip. Returns the height of the last pruned block, or -1. REQUIRES: options.enabled.
    Height prune(Height height);
    /// Removes the oldest files while all of them take more than the target. Looks only when there
    /// is a new file since the last time.
    void prune_to_target();

 private:
    void remove(const std::vector<uint32_t>& numbers);

    const Options options_;
    const BlockIndex& index_;
    StoredBlocks& blocks_;
    Coins& coins_;
    LogSink& log_;
    uint32_t files_last_ = 0;  // when they were looked at
};

}  // namespace parley
