// AssumeValid: decides which blocks' scripts are skipped because the user vouches for a later block
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

    /// All references must outlive it.
    AssumeValid(const Options& options, const ChainParams& params, const BlockIndex& index,
                LogSink& log)
        : options_(options), params_(params), index_(index), log_(log) {}

    const Options& options() const { return options_; }
    /// Whether the scripts of this block must be checked. Logs each change of the answer.
    bool scripts_are_checked(const HeaderNode& node);

 private:
    // The reason for the log; null: they are not checked.
    const char* why_checked(const HeaderNode& node) const;

    const Options options_;
    const ChainParams& params_;
    const BlockIndex& index_;
    LogSink& log_;
    std::optional<bool> checked_last_;
};

}  // namespace parley
