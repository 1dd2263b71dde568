// MiningRace: the abstract mining race. Miners find blocks at random, blocks take time to reach the
// others, everybody extends the longest chain and, between chains of equal length, the one seen
// first. There is no node code, no transaction and no validation in it. Deterministic for a seed.
//
// A run compares the heights 1 to N. It goes on until all tips, and all blocks on their way that a
// miner could still adopt, descend from one block at height N: then the main chain up to N is
// final, and no further block can appear at these heights. Every block of these heights is counted,
// and no other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contrib/lab/model/mining_network.h"
#include "contrib/lab/model/statistics.h"

namespace parley::lab {

/// Heights of a run. Together with kDelayMax this keeps times below 2^63: a run of N heights lasts
/// less than 60 N intervals.
inline constexpr uint64_t kRaceHeightsMax = 100'000'000;

/// A partition from the start to `until`: no block crosses between the two sides before that time,
/// then every held block crosses with the delay of the network.
struct RacePartition {
    std::vector<bool> minority;  ///< for each miner, whether it is on the minority's side
    ModelTime until = 0;
};

struct RaceOptions {
    uint64_t heights = 10'000;  ///< N, at most kRaceHeightsMax
    uint64_t seed = 1;
    std::optional<RacePartition> partition;
    /// Called now and then with the heights that are final; false ends the run with those. Empty:
    /// never.
    std::function<bool(uint64_t)> proceed;
};

struct RaceResult {
    uint64_t heights = 0;         ///< compared: main-chain blocks
    uint64_t forked = 0;          ///< heights with two or more blocks
    uint64_t blocks = 0;          ///< all blocks of these heights
    double intervals = 0;         ///< from the start to the last main-chain block
    double weighted_delay = 0;    ///< mean of hash_weighted_delay() over all blocks, in intervals
    std::vector<uint64_t> main;   ///< main-chain blocks of each miner
    std::vector<uint64_t> mined;  ///< all blocks of each miner
    /// Reorganisations by depth, of all miners together: how many blocks a miner took off its chain
    /// when it changed to a longer one. Counted where the branches part below height N.
    std::map<uint32_t, uint64_t> reorganisations;
    bool partial = false;  ///< ended before the requested height

    uint64_t stale() const { return blocks - heights; }
    /// F_h: heights with two or more blocks / heights (Decker & Wattenhofer 2013).
    Proportion forked_heights() const { return {forked, heights}; }
    /// S_t: stale blocks / all blocks (Gervais et al. 2016).
    Proportion stale_of_all() const { return {stale(), blocks}; }
    /// S_m: stale blocks / main-chain blocks. May be above 1, and then has no Wilson interval.
    Proportion stale_of_main() const { return {stale(), heights}; }
    /// Main-chain blocks for each block interval: 1 without forks.
    double growth() const { return intervals > 0 ? static_cast<double>(heights) / intervals : 0; }

    /// Counts another run of the same network as well.
    void add(const RaceResult& other);
};

/// REQUIRES: 0 < options.heights <= kRaceHeightsMax; a partition has a side for each miner.
RaceResult run_race(const MiningNetwork& network, const RaceOptions& options);

}  // namespace parley::lab
