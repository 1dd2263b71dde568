#include "contrib/lab/model/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace parley::lab {
namespace {

constexpr double kZ95 = 1.959963984540054;  // two-sided 95 % of the normal distribution

/// Centre and half width of the Wilson interval.
std::pair<double, double> wilson(const Proportion& proportion) {
    const auto n = static_cast<double>(proportion.trials);
    const double p = proportion.value();
    const double scale = 1 + kZ95 * kZ95 / n;
    const double centre = (p + kZ95 * kZ95 / (2 * n)) / scale;
    const double half = kZ95 * std::sqrt(p * (1 - p) / n + kZ95 * kZ95 / (4 * n * n)) / scale;
    return {centre, half};
}

}  // namespace

double Proportion::low() const {
    if (trials == 0) return 0;
    const auto [centre, half] = wilson(*this);
    return hits == 0 ? 0 : std::max(0.0, centre - half);
}

double Proportion::high() const {
    if (trials == 0) return 1;
    const auto [centre, half] = wilson(*this);
    return hits == trials ? 1 : std::min(1.0, centre + half);
}

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::sort(values.begin(), values.end());
    const double rank = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<size_t>(rank);
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (values[above] - values[below]) * (rank - static_cast<double>(below));
}

double expected_fork_rate(const std::vector<double>& shares, double rate, double delay) {
    double sum = 0;
    for (const double share : shares) sum += share * (1 - std::exp(-(1 - share) * rate * delay));
    return sum;
}

}  // namespace parley::lab
