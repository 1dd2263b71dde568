// Pruner: removes block files whose blocks are all deeply buried, together with their undo data
// (-prune). Of a pruned block only the header, the number of its transactions and its state remain.
//
// An index of the chain reads blocks after they were connected. Its lock is the height of the last
// block that it has read; the blocks above, and some below it for a reorganisation, stay.
//
// Owned by Chainstate; core thread only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "chain/state/coins.h"
#include "chain/state/stored_blocks.h"

namespace parley {

struct PruneState {
    bool enabled = false;
    uint64_t target_bytes = 0;        ///< 0: manual only
    std::optional<Height> pruned_to;  ///< the highest pruned block
};

class Pruner {
 public:
    struct Options {
        bool enabled = false;
        uint64_t target_bytes = 0;    ///< for block and undo files; 0: manual only
        int32_t after_height = 0;     ///< shorter chains are not pruned
        uint64_t file_bytes_max = 0;  ///< size limit of a block file
    };

    /// All references must outlive it.
    Pruner(const Options& options, const BlockIndex& index, StoredBlocks& blocks, LogSink& log)
        : options_(options), index_(index), blocks_(blocks), log_(log) {}

    PruneState state() const;
    /// Sets the lock of this name. REQUIRES: the block at this height is in the best chain.
    void set_lock(const std::string& name, Height height);
    /// A block was disconnected: no lock is above its parent, at this height.
    void move_locks_back(Height height);
    /// Removes the files whose blocks are all at or below this height, far enough below the tip,
    /// and not locked. Returns the height of the last pruned block, or -1. `coins`: those after the
    /// tip. REQUIRES: options.enabled.
    Height prune(Coins& coins, Height height);
    /// Removes the oldest files while the total exceeds the target, except what the tip and the
    /// locks keep. Does nothing unless the files have grown by some megabytes since it last looked.
    void prune_to_target(Coins& coins);
    /// Whether prune_to_target() has looked at the files in this run.
    bool has_looked() const { return looked_; }

 private:
    /// The greatest height of a block that may be removed.
    Height height_max() const;
    void remove(Coins& coins, const std::vector<uint32_t>& numbers);

    const Options options_;
    const BlockIndex& index_;
    StoredBlocks& blocks_;
    LogSink& log_;
    std::map<std::string, Height> locks_;
    bool looked_ = false;
    uint64_t size_last_ = 0;  // of all files, after the last look at them
};

}  // namespace parley
