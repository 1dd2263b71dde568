// Limits that every chain shares. Values only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chain/ids.h"

namespace parley {

/// BIP141: a byte outside the witness weighs this much.
inline constexpr int64_t kWitnessScaleFactor = 4;
/// BIP141.
inline constexpr Weight kBlockWeightMax{4'000'000};
/// BIP141: signature operations of a block; those outside witnesses count kWitnessScaleFactor.
inline constexpr int64_t kBlockSigopCostMax = 80'000;
/// How far a block's time may be ahead of the node's clock.
inline constexpr int64_t kBlockTimeAheadMax_s = 2 * 60 * 60;
/// BIP94: how much older than its parent the first block of a difficulty period may be.
inline constexpr int64_t kTimewarpMax_s = 600;
/// A locktime below this is a height, from it on Unix seconds.
inline constexpr uint32_t kLocktimeThreshold = 500'000'000;

}  // namespace parley
