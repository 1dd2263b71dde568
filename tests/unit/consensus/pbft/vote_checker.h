// VoteChecker: what must hold for the signatures of PBFT in a world, whatever the network does.
// SafetyChecker (node/simulator/checker.h) knows no engine; this one adds:
//   1. no correct validator's node ever sends two digests with its key for one (type, view,
//   height); the height of a view-change or new-view is the one that it is for;
//   2. no correct validator's node votes at a height in a view below one that it wanted there by a
//   view-change;
//   3. every block that a node has in its best chain has a valid commit certificate;
//   4. what a correct node sends can be decoded.
// For tests; it must outlive the world.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "node/simulator/world.h"
#include "tests/unit/consensus/pbft/committee.h"

namespace parley::pbft::testing {

class VoteChecker {
 public:
    explicit VoteChecker(const Committee& committee) : committee_(committee) {}

    /// The node has the key of this validator, and is correct. Others may sign what they like.
    void trust(sim::NodeIndex node, size_t validator) { correct_[node] = validator; }
    void distrust(sim::NodeIndex node) { correct_.erase(node); }
    /// Checks every step and message of the world from now on.
    void watch(sim::World& world);
    /// Rules 1, 2 and 4 for a message that has left the node. Tests may make one up.
    void on_message(sim::NodeIndex from, ByteSpan message);
    /// Rule 3 for a block.
    void on_block(const HeaderNode& block);

    /// One sentence each.
    const std::vector<std::string>& violations() const { return violations_; }

 private:
    void note(sim::NodeIndex from, size_t validator, MessageType type, View view, Sequence height,
              const Hash256& digest);

    const Committee& committee_;
    std::map<sim::NodeIndex, size_t> correct_;
    std::map<sim::NodeIndex, Bytes> last_;  ///< a broadcast is one message for each receiver
    std::map<std::tuple<size_t, MessageType, View, Sequence>, Hash256> signed_;
    std::map<std::pair<size_t, Sequence>, View> promised_;  ///< by view-changes
    std::set<BlockHash> certified_;
    std::vector<std::string> violations_;
};

}  // namespace parley::pbft::testing
