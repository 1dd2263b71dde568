// Checkpoints: blocks given by the user (-checkpoint) that, like their ancestors, can never be
// replaced. Owned by Chainstate; core thread only.
#pragma once

#include <utility>
#include <vector>

#include "base/log.h"
#include "chain/rules/block_error.h"
#include "chain/state/index/block_index.h"

namespace parley {

class Checkpoints {
 public:
    using List = std::vector<std::pair<Height, BlockHash>>;

    /// Both references must outlive it.
    Checkpoints(List list, BlockIndex& index, LogSink& log)
        : list_(std::move(list)), index_(index), log_(log) {}

    /// At start-up: marks known blocks that contradict a checkpoint invalid.
    void apply();
    /// Whether a new header may be a child of `parent`.
    Expected<void, BlockError> check(const HeaderNode& parent, const BlockHash& hash) const;
    /// Called for a new header. If it is a checkpoint, blocks that fork off before it become
    /// invalid.
    void note(const HeaderNode& node);
    /// Whether the block is a known checkpoint, or an ancestor of one.
    bool cover(const HeaderNode& node) const;

 private:
    void drop_forks_of(const HeaderNode& node);

    const List list_;
    BlockIndex& index_;
    LogSink& log_;
    const HeaderNode* highest_ = nullptr;  // the highest known checkpoint
};

}  // namespace parley
