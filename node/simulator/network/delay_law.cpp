#include "node/simulator/network/delay_law.h"

#include <algorithm>

#include "base/check.h"

namespace parley::sim {
namespace {

__extension__ typedef unsigned __int128 Uint128;

constexpr uint64_t kOne = uint64_t{1} << 32;  // numbers with 32 binary places

/// e^x; x and the result have 32 binary places. At most about 2^24.
uint64_t exponential_of(uint64_t x) {
    constexpr uint64_t kLn2 = 0xb17217f8;
    constexpr uint64_t kDoublingsMax = 24;
    const uint64_t doublings = std::min(x / kLn2, kDoublingsMax);
    const uint64_t rest = x % kLn2;
    uint64_t term = kOne;
    uint64_t sum = kOne;
    for (uint64_t i = 1; term > 0; ++i) {
        term = static_cast<uint64_t>((Uint128{term} * rest >> 32) / i);
        sum += term;
    }
    return sum << doublings;
}

Duration pareto(Duration mean, Random& random) {
    CHECK(mean >= kParetoMeanMin);
    constexpr Duration kMeanOfShapeOne = std::chrono::milliseconds{5};
    // A Pareto variable is its minimum times e^(E / shape), where E is exponential with mean 1.
    const Duration minimum = mean - kMeanOfShapeOne;
    const uint64_t exponent = random.exponential(kOne) *
                              static_cast<uint64_t>(kMeanOfShapeOne.count()) /
                              static_cast<uint64_t>(mean.count());
    const Uint128 delay =
        Uint128{static_cast<uint64_t>(minimum.count())} * exponential_of(exponent) >> 32;
    return Duration{static_cast<int64_t>(delay)};
}

}  // namespace

Duration draw_delay(DelayLaw law, Duration mean, Random& random) {
    CHECK(mean >= Duration{0});
    const auto count = static_cast<uint64_t>(mean.count());
    switch (law) {
        case DelayLaw::constant:
            return mean;
        case DelayLaw::uniform:
            return Duration{static_cast<int64_t>(random.uniform(2 * count + 1))};
        case DelayLaw::exponential:
            return Duration{static_cast<int64_t>(random.exponential(count))};
        case DelayLaw::pareto:
            return pareto(mean, random);
    }
    return mean;
}

}  // namespace parley::sim
