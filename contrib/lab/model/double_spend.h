// Double spends by simulation: an attacker pays, mines another branch in secret, and publishes it
// when the merchant has delivered and the branch has caught up. Blocks travel at once.
// Deterministic for a seed.
#pragma once

#include <cstdint>
#include <functional>

#include "contrib/lab/model/statistics.h"

namespace parley::lab {

/// How far the attacker gets while the merchant waits. In both models it has succeeded when it has
/// caught up: Nakamoto counts a tie as success, Rosenfeld gives the attacker one block that it
/// mined before it paid.
enum class DoubleSpendModel : uint8_t {
    nakamoto,   ///< in the time that the honest miners need on average: a Poisson variable
    rosenfeld,  ///< in the time that they actually need: negative binomial
};
const char* to_string(DoubleSpendModel model);

/// With a larger share of the hash rate, an attempt that fails takes thousands of blocks to be
/// certain of it.
inline constexpr double kSimulatedAttackerMax = 0.45;

struct DoubleSpendOptions {
    DoubleSpendModel model = DoubleSpendModel::rosenfeld;
    double q = 0.1;              ///< the attacker's share of the hash rate
    uint32_t confirmations = 6;  ///< for which the merchant waits, at least 1
    uint64_t attempts = 100'000;
    uint64_t seed = 1;
    /// As in RaceOptions, with the number of attempts made.
    std::function<bool(uint64_t)> proceed;
};

/// Successes of attempts. Fewer than the requested attempts if `proceed` ended the run. REQUIRES:
/// 0 <= q <= kSimulatedAttackerMax, confirmations > 0.
Proportion run_double_spends(const DoubleSpendOptions& options);

}  // namespace parley::lab
