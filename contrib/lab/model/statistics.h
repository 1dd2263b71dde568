// Statistics of a run: rates with Wilson intervals, percentiles, and the closed forms to compare
// with. Floating point is for reports only. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace parley::lab {

/// A proportion with its 95 % interval (Wilson, "Probable inference", 1927).
struct Proportion {
    uint64_t hits = 0;
    uint64_t trials = 0;

    double value() const {
        return trials == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(trials);
    }
    double low() const;
    double high() const;
};

/// Linear interpolation between the two nearest ranks; `share` in [0, 1]. NaN for no values.
double percentile(std::vector<double> values, double share);

/// The proportion of main-chain heights with two or more blocks that first-order theory predicts
/// for miners with the hash shares `shares`, `rate` blocks per second in total and a one-way delay
/// of `delay` seconds: sum of a (1 - e^(-(1 - a) rate delay)).
double expected_fork_rate(const std::vector<double>& shares, double rate, double delay);

}  // namespace parley::lab
