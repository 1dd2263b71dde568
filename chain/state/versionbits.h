// VersionBits: which deployments the blocks' versions have brought how far (BIP9, with the minimum
// height of BIP341's activation). States change at the ends of periods only and are remembered for
// each period's last block, so that a question costs one period at most. Owned by Chainstate; core
// thread only, because questions fill the memory.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "chain/rules/header_node.h"
#include "chain/rules/params.h"
#include "chain/script/script_flags.h"

namespace parley {

/// BIP9: a version that signals has these bits at its top.
inline constexpr uint32_t kVersionTopMask = 0xe0000000;
inline constexpr uint32_t kVersionTopBits = 0x20000000;
inline constexpr int kVersionSignalBits = 29;

/// A rule that others signal for and we do not know.
struct UnknownRule {
    int bit = 0;
    bool active = false;  ///< false: locked in
};

class VersionBits {
 public:
    /// Borrows `params`.
    explicit VersionBits(const ChainParams& params);

    /// For the block below `parent`, which may be null: the genesis block. REQUIRES: index is one
    /// of params.deployments.
    DeploymentState state(size_t index, const HeaderNode* parent);
    /// The first height from which that state has held without a break.
    Height since(size_t index, const HeaderNode* parent);

    /// What the block below `parent` signals: the deployments that are started or locked in.
    int32_t block_version(const HeaderNode& parent);
    /// Rules of the block below `parent` that deployments have brought.
    ScriptFlags script_flags(const HeaderNode& parent);

    /// Of params.deployments those that are not switched off.
    std::vector<DeploymentReport> reports(const HeaderNode& block);
    /// Signals that no deployment explains, as of the block below `parent`.
    std::vector<UnknownRule> unknown_rules(const HeaderNode& parent);

 private:
    using States = boost::unordered_flat_map<BlockHash, DeploymentState, std::hash<BlockHash>>;

    DeploymentState state(const Deployment& deployment, const HeaderNode* parent, bool unknown,
                          States& known);
    DeploymentState after_period(const Deployment& deployment, const HeaderNode& last,
                                 DeploymentState before, bool unknown);
    bool signals(const Deployment& deployment, const HeaderNode& block, bool unknown);

    const ChainParams& params_;
    std::vector<States> known_;  ///< by deployment; keyed by the last block of a period
    std::vector<Deployment> unknown_;
    std::vector<States> unknown_known_;  ///< by bit
};

}  // namespace parley
