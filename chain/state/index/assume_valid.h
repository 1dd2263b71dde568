// AssumeValid: whose scripts need no check, because the user vouches for a block above them
// (-assumevalid) that is buried in the best header's chain. Owned by Chainstate; core thread only.
#pragma once

#include <optional>

#include "base/log.h"
#include "chain/rules/params.h"
#include "chain/state/index/block_index.h"

namespace parley {

class AssumeValid {
 public:
    struct Options {
        BlockHash block;  ///< zero: all scripts are checked
        Score minimum_score;
    };

    /// All that is passed by reference outlives it.
    AssumeValid(const Options& options, const ChainParams& params, const BlockIndex& index,
                LogSink& log)
        : options_(options), params_(params), index_(index), log_(log) {}

    /// Are the scripts of this block to be checked? Logs when the answer is another one than
    /// before.
    bool scripts_are_checked(const HeaderNode& node);

 private:
    // Null: they are not.
    const char* why_checked(const HeaderNode& node) const;

    const Options options_;
    const ChainParams& params_;
    const BlockIndex& index_;
    LogSink& log_;
    std::optional<bool> checked_last_;
};

}  // namespace parley
