// DelayLaw: how the delays of links scatter around their mean. Integer arithmetic only, so that a
// seed gives the same delays on every machine.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "base/time.h"

namespace parley::sim {

enum class DelayLaw : uint8_t {
    constant,  ///< always the mean
    uniform,   ///< from 0 to twice the mean
    exponential,
    pareto,  ///< with the shape mean / 5 ms, as in SimBlock (Aoki et al. 2019)
};

/// A Pareto law has a mean only if its shape is above 1.
inline constexpr Duration kParetoMeanMin = std::chrono::milliseconds{6};

/// REQUIRES: mean >= 0, and at least kParetoMeanMin for pareto.
Duration draw_delay(DelayLaw law, Duration mean, Random& random);

}  // namespace parley::sim
