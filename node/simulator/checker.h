// SafetyChecker: observes the nodes of a world and records every violation of what must hold for
// all correct nodes, whatever the network does:
//   1. no two of them finalise different blocks at a height;
//   2. finality never moves back, and final blocks are part of the best chain. A power cut may lose
//      blocks that were not synced, and a kill those that were being written: then finality may
//      start again with the same blocks, and the best chain may end at an ancestor of the final
//      block;
//   3. equal tips have equal UTXO sets, whose total never exceeds the chain's subsidies.
// It does not check liveness, and does not know which nodes are Byzantine: exclude() those.
//
// Called by tests and experiments; one thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "chain/primitives/amount.h"
#include "node/simulator/world.h"

namespace parley::sim {

/// A node's UTXO set in comparable form.
struct CoinsSummary {
    Hash256 digest;  ///< over all coins in outpoint order
    uint64_t count = 0;
    Amount total{0};
    bool operator==(const CoinsSummary&) const = default;
};
/// Runs inside a step of the node: reading all coins writes out its cache.
CoinsSummary summarise_coins(World& world, NodeIndex index);

class SafetyChecker {
 public:
    /// Reports a finalised block, for rules 1 and 2. Tests may report made-up ones.
    void on_final(NodeIndex node, Height height, const BlockHash& hash);
    /// The node may have lost blocks in a crash.
    void on_setback(NodeIndex node);
    void on_coins(NodeIndex node, const BlockHash& tip, const CoinsSummary& coins, Amount bound);

    /// Checks rules 1 and 2 after each step of each node from now on. The checker must outlive the
    /// world.
    void watch(World& world);
    /// From now on nothing that this node does is a violation: it is Byzantine.
    void exclude(NodeIndex node) { excluded_.insert(node); }
    /// Checks rules 1 and 2 for one node now.
    void check_finality(NodeIndex index, const Node& node);
    /// Checks rule 3 for all running nodes now.
    void check_coins(World& world);

    /// One sentence each; the first kViolationsMax.
    const std::vector<std::string>& violations() const { return violations_; }
    /// Number of heights that at least one node finalised.
    size_t final_heights() const { return final_.size(); }

    static constexpr size_t kViolationsMax = 100;

 private:
    void violate(std::string sentence);

    std::set<NodeIndex> excluded_;
    std::map<Height, std::pair<BlockHash, NodeIndex>> final_;
    std::map<NodeIndex, Height> final_of_;
    std::map<NodeIndex, uint64_t> setbacks_;
    std::map<BlockHash, std::pair<CoinsSummary, NodeIndex>> coins_;
    std::vector<std::string> violations_;
};

}  // namespace parley::sim
