#include "contrib/lab/model/closed_forms.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "contrib/lab/model/statistics.h"

namespace parley::lab {

ForkRates many_small_miners(double lambda_delta) {
    return {-std::expm1(-lambda_delta), lambda_delta / (1 + lambda_delta), lambda_delta,
            1 / (1 + lambda_delta)};
}

ForkRates finite_miners(const std::vector<double>& shares, double lambda_delta) {
    double concentration = 0;  // the Herfindahl-Hirschman index
    for (const double share : shares) concentration += share * share;
    const double x = (1 - concentration) * lambda_delta;
    return {expected_fork_rate(shares, 1, lambda_delta), x / (1 + x), x, 1 / (1 + x)};
}

ForkRates two_miners(double share, double lambda_delta) {
    CHECK(share > 0 && share < 1);
    // Below this difference of the shares the general form loses digits by cancellation.
    constexpr double kEqual = 1e-6;
    const double larger = std::max(share, 1 - share);
    const double smaller = 1 - larger;
    double growth = (2 + lambda_delta) / (2 + 2 * lambda_delta);
    if (larger - smaller > kEqual) {
        // Numerator and denominator divided by e^(2 Delta lambda larger), which may be huge.
        const double decay = std::exp(-2 * lambda_delta * (larger - smaller));
        growth = (larger * larger - smaller * smaller * decay) / (larger - smaller * decay);
    }
    // A miner has at most one block at a height, so a height has at most two.
    const double stale_of_main = 1 / growth - 1;
    return {stale_of_main, 1 - growth, stale_of_main, growth};
}

double decker_fork_probability(double block_probability, double integral) {
    return -std::expm1(integral * std::log1p(-block_probability));
}

double selfish_revenue(double alpha, double gamma) {
    const double honest = 1 - alpha;
    const double numerator =
        alpha * honest * honest * (4 * alpha + gamma * (1 - 2 * alpha)) - alpha * alpha * alpha;
    return numerator / (1 - alpha * (1 + (2 - alpha) * alpha));
}

double selfish_threshold(double gamma) {
    return (1 - gamma) / (3 - 2 * gamma);
}

double nakamoto_double_spend(double q, uint32_t z) {
    CHECK(q >= 0 && q < 0.5);
    if (q == 0) return z == 0 ? 1 : 0;
    const double ratio = q / (1 - q);
    const double mean = z * ratio;
    double poisson = std::exp(-mean);
    double failure = 0;
    for (uint32_t k = 0; k <= z; ++k) {
        if (k > 0) poisson *= mean / k;
        failure += poisson * (1 - std::pow(ratio, z - k));
    }
    return std::clamp(1 - failure, 0.0, 1.0);
}

double rosenfeld_double_spend(double q, uint32_t n) {
    CHECK(q >= 0 && q < 0.5 && n > 0);
    if (q == 0) return 0;
    const double p = 1 - q;
    double failure = 0;
    double binomial = 1;  // C(m + n - 1, m)
    for (uint32_t m = 0; m <= n; ++m) {
        if (m > 0) binomial *= static_cast<double>(m + n - 1) / m;
        failure += binomial * (std::pow(p, n) * std::pow(q, m) - std::pow(p, m) * std::pow(q, n));
    }
    return std::clamp(1 - failure, 0.0, 1.0);
}

std::optional<uint32_t> confirmations_for(double (*probability)(double, uint32_t), double q,
                                          double risk, uint32_t limit) {
    for (uint32_t z = 1; z <= limit; ++z) {
        if (probability(q, z) <= risk) return z;
    }
    return std::nullopt;
}

}  // namespace parley::lab
