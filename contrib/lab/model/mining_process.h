// MiningProcess: who finds the next block, and when. A Poisson process of rate one block per
// interval, each block assigned to a miner by hash share. Integer arithmetic only, so a seed gives
// the same blocks on every machine. Not thread-safe; one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace parley::lab {

/// Time in the model: the mean interval between all mined blocks is kUnitsPerInterval.
using ModelTime = uint64_t;

/// 2^30 units resolve a delay of 10^-9 intervals; 64 bits then hold 10^10 intervals, which the
/// limits of mining_race.h do not exceed.
inline constexpr ModelTime kUnitsPerInterval = ModelTime{1} << 30;

constexpr double to_intervals(ModelTime time) {
    return static_cast<double>(time) / static_cast<double>(kUnitsPerInterval);
}
/// Rounds to the nearest unit. REQUIRES: 0 <= intervals < 2^33.
constexpr ModelTime from_intervals(double intervals) {
    return static_cast<ModelTime>(intervals * static_cast<double>(kUnitsPerInterval) + 0.5);
}

class MiningProcess {
 public:
    /// REQUIRES: at least one share, none negative, sum 1 up to rounding.
    MiningProcess(const std::vector<double>& shares, uint64_t seed);

    struct Found {
        ModelTime time = 0;  ///< since the start
        uint32_t miner = 0;  ///< index into the shares
    };
    Found next();

    /// The miner of the next block, for models in which only the order counts. Time stands still.
    uint32_t next_miner();

    /// True with the given probability; for choices that the model leaves to chance.
    bool chance(double probability);

 private:
    SeededRandom random_;
    /// Miner i finds a block whose 64 random bits are below bounds_[i], and not below bounds_[i-1].
    /// The last miner's bound is implied.
    std::vector<uint64_t> bounds_;
    ModelTime time_ = 0;
};

}  // namespace parley::lab
