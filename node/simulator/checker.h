// SafetyChecker: watches the nodes of a world and writes down every breach of what must hold for
// all correct nodes, whatever the network does:
//   1. no two of them finalise different blocks at a height;
//   2. finality never moves back, and what is final is part of the best chain. A power cut may take
//      blocks that were not synced: then finality may begin anew, with the same blocks, and the
//      best chain may end on the way to the final block;
//   3. equal tips have equal coins, and never more of them than the chain's subsidies allow.
// It is not a test of liveness, and knows nothing of Byzantine nodes: leave those out.
//
// Called by tests and experiments; one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chain/primitives/amount.h"
#include "node/simulator/world.h"

namespace parley::sim {

/// A node's UTXO set, as one value to compare.
struct CoinsSummary {
    Hash256 digest;  ///< over all coins in the order of their outpoints
    uint64_t count = 0;
    Amount total{0};
    bool operator==(const CoinsSummary&) const = default;
};
/// Inside a step of the node: reading all coins writes its cache out.
CoinsSummary summarise_coins(World& world, NodeIndex index);

class SafetyChecker {
 public:
    /// What a node claims: the entry for rules 1 and 2, also for made-up claims.
    void on_final(NodeIndex node, Height height, const BlockHash& hash);
    void on_power_cut(NodeIndex node);
    void on_coins(NodeIndex node, const BlockHash& tip, const CoinsSummary& coins, Amount bound);

    /// Rules 1 and 2 after each step of each node from now on. `world` must not outlive this.
    void watch(World& world);
    /// Rules 1 and 2 for one node now.
    void check_finality(NodeIndex index, const Node& node);
    /// Rule 3 for all running nodes now.
    void check_coins(World& world);

    /// A sentence each, the first kViolationsMax.
    const std::vector<std::string>& violations() const { return violations_; }
    /// Blocks that at least one node finalised.
    size_t final_heights() const { return final_.size(); }

    static constexpr size_t kViolationsMax = 100;

 private:
    void violate(std::string sentence);

    std::map<Height, std::pair<BlockHash, NodeIndex>> final_;
    std::map<NodeIndex, Height> final_of_;
    std::map<NodeIndex, uint64_t> power_cuts_;
    std::map<BlockHash, std::pair<CoinsSummary, NodeIndex>> coins_;
    std::vector<std::string> violations_;
};

}  // namespace parley::sim
