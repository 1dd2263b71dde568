// BlockTransport: when a block that a node sends has been received and validated by another. A
// node's bandwidth is shared by all its links: blocks queue at the sender's uplink, then at the
// receiver's downlink, and are validated one after the other. Bits flow through: a receiver gets
// the first while the sender still sends. It carries blocks only; small messages pass beside them.
//
// A downlink serves blocks in the order in which they were sent, not in that of their arrival.
//
// Called by experiments, from a world's message filter. Integer arithmetic, no randomness. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "chain/primitives/ids.h"
#include "node/simulator/link_faults.h"

namespace parley::sim {

/// Bytes a second; 0: unlimited.
struct NodeBandwidth {
    uint64_t up = 0;
    uint64_t down = 0;

    bool operator==(const NodeBandwidth&) const = default;
};

/// The six regions of LatencyTable::six_regions_2019(), in its order (SimBlock's figures of 2019).
const std::array<NodeBandwidth, 6>& region_bandwidths_2019();

class BlockTransport {
 public:
    /// A bandwidth for each node; `validation`: of one block.
    BlockTransport(std::vector<NodeBandwidth> nodes, Duration validation);

    struct Shipment {
        NodeIndex from = 0;
        NodeIndex to = 0;
        BlockHash block;  ///< a copy that `to` has had before is not validated again
        uint64_t bytes = 0;
        Duration latency{0};  ///< of the link
    };
    /// For a block handed over at `now`. REQUIRES: calls in the order of `now`.
    TimePoint deliver(const Shipment& shipment, TimePoint now);

 private:
    static constexpr size_t kRecentBlocks = 64;
    struct State {
        NodeBandwidth bandwidth;
        TimePoint up_until{};             ///< the uplink is busy
        TimePoint down_until{};           ///< the downlink is busy
        TimePoint busy_until{};           ///< validating
        std::vector<BlockHash> recent{};  ///< received last, a ring
        size_t next_recent = 0;
    };
    /// Notes it. False: the node has had this block.
    static bool is_new(State& receiver, const BlockHash& block);

    std::vector<State> nodes_;
    Duration validation_;
};

}  // namespace parley::sim
