// Propagation: the blocks that are on their way, and the order in which they arrive. Part of the
// mining race. Not thread-safe; one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "contrib/lab/model/mining_network.h"

namespace parley::lab {

struct RacePartition;

class Propagation {
 public:
    /// `partition` may be null. Reads both during construction only.
    Propagation(const MiningNetwork& network, const RacePartition* partition);

    /// A block that reaches all of `receivers` at the same time.
    struct Arrival {
        uint64_t block = 0;
        uint32_t height = 0;
        std::span<const uint32_t> receivers;
    };

    /// The miner has found a block. Its own tip is the caller's business.
    void send(ModelTime now, uint32_t miner, uint64_t block, uint32_t height);
    /// Is there an arrival at `now` or earlier?
    bool due(ModelTime now) const { return !flights_.empty() && flights_.front().time <= now; }
    /// The earliest arrival; of several at the same time, that of the oldest block. REQUIRES:
    /// due().
    Arrival pop();

    struct Flight {
        ModelTime time = 0;  ///< of the next arrival
        uint64_t block = 0;
        uint32_t height = 0;
        uint32_t step = 0;  ///< index into the steps: where the block arrives next
        uint32_t end = 0;   ///< behind the last of its steps
    };
    /// Blocks that have not reached everybody. In no particular order.
    std::span<const Flight> flights() const { return flights_; }

 private:
    /// Receivers at the same distance from a miner.
    struct Step {
        ModelTime delay = 0;
        uint32_t first = 0;  ///< indices into receivers_
        uint32_t end = 0;
    };
    /// The steps of one miner's blocks, nearest receivers first.
    struct Route {
        uint32_t first = 0;
        uint32_t end = 0;
    };

    template <class Wanted>
    Route add_route(const MiningNetwork& network, uint32_t miner, Wanted wanted);
    void start(ModelTime departure, const Route& route, uint64_t block, uint32_t height);

    std::vector<uint32_t> receivers_;
    std::vector<Step> steps_;
    std::vector<Route> everywhere_;  ///< by miner
    std::vector<Route> same_side_;   ///< by miner; empty without a partition
    std::vector<Route> other_side_;
    ModelTime healed_ = 0;
    std::vector<Flight> flights_;  ///< a heap, the earliest arrival in front
};

}  // namespace parley::lab
