// BlockFlood: how one block spreads over a network whose nodes have a limited bandwidth, from the
// node that has found it to all others, by the rules of a relay mode. The blocks that a node sends
// wait for each other in its uplink; blocks of other heights do not meet this one. Deterministic.
// One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "contrib/lab/scenario/scenario_network.h"

namespace parley::lab {

struct FloodOptions {
    BlockRelay relay = BlockRelay::own;
    uint64_t block_bytes = 0;
    Duration on_link{0};     ///< a link's own transmission, beside those of the nodes
    Duration validation{0};  ///< at each node, before it relays the block
};

class BlockFlood {
 public:
    /// Copies what it needs.
    BlockFlood(const ScenarioNetwork& network, const FloodOptions& options);

    size_t size() const { return peers_.size(); }
    /// When each node has validated a block that `from` finds at 0. A node sends to, or announces
    /// to, its peers in the order of the network's links. REQUIRES: a connected network.
    std::vector<Duration> arrivals(size_t from) const;

 private:
    struct Peer {
        size_t node = 0;
        Duration there{0};
        Duration back{0};
    };
    class Run;

    FloodOptions options_;
    std::vector<sim::NodeBandwidth> bandwidths_;
    std::vector<std::vector<Peer>> peers_;
};

}  // namespace parley::lab
