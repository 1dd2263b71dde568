// Checkpoints: blocks that the user vouches for (-checkpoint): they can never be replaced, nor
// anything before them. Owned by Chainstate; core thread only.
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

    /// Both outlive it.
    Checkpoints(List list, BlockIndex& index, LogSink& log)
        : list_(std::move(list)), index_(index), log_(log) {}

    /// At the start: what is known and contradicts them is invalid.
    void apply();
    /// May a new header be a child of `parent`?
    Expected<void, BlockError> check(const HeaderNode& parent, const BlockHash& hash) const;
    /// A new header. Perhaps it is one of them: then its forks are invalid from now on.
    void note(const HeaderNode& node);
    /// Is it one that is known, or an ancestor of one?
    bool cover(const HeaderNode& node) const;

 private:
    void drop_forks_of(const HeaderNode& node);

    const List list_;
    BlockIndex& index_;
    LogSink& log_;
    const HeaderNode* highest_ = nullptr;  // of those that are known
};

}  // namespace parley
