// VersionBits: the states of the deployments, derived from block versions (BIP9, with the minimum
// activation height of BIP341). States change only at the end of a period and are cached per
// period, so a query costs at most one period of headers. Owned by Chainstate; core thread only,
// because queries fill the cache.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "chain/rules/header_node.h"
#include "chain/rules/params.h"
#include "chain/script/script_flags.h"

namespace parley {

/// BIP9: a signalling version has these top bits.
inline constexpr uint32_t kVersionTopMask = 0xe0000000;
inline constexpr uint32_t kVersionTopBits = 0x20000000;
inline constexpr int kVersionSignalBits = 29;

/// A rule unknown to this node that blocks signal for.
struct UnknownRule {
    int bit = 0;
    bool active = false;  ///< false: locked in
};

class VersionBits {
 public:
    /// Borrows `params`.
    explicit VersionBits(const ChainParams& params);

    /// State for the block below `parent`; null parent: the genesis block. REQUIRES: index is valid
    /// for params.deployments.
    DeploymentState state(size_t index, const HeaderNode* parent);
    /// The first height of the current uninterrupted run of that state.
    Height since(size_t index, const HeaderNode* parent);

    /// The version for a block below `parent`: signals all deployments that are started or locked
    /// in.
    int32_t block_version(const HeaderNode& parent);
    /// Script flags of the deployments active for the block below `parent`.
    ScriptFlags script_flags(const HeaderNode& parent);

    /// All deployments of params that are not disabled.
    std::vector<DeploymentReport> reports(const HeaderNode& block);
    /// Signals without a known deployment, as of the block below `parent`.
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
