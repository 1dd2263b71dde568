#include "contrib/lab/model/hypothesis_tests.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/complement.hpp>
#include <boost/math/distributions/kolmogorov_smirnov.hpp>
#include <limits>

#include "base/check.h"

namespace parley::lab {
namespace {

/// Below this expected count, the distribution of the statistic is not that of chi-squared (Cochran
/// 1954).
constexpr double kExpectedCountMin = 5;

}  // namespace

TestResult kolmogorov_smirnov(std::vector<double> sample,
                              const std::function<double(double)>& distribution) {
    CHECK(!sample.empty());
    std::sort(sample.begin(), sample.end());
    const auto size = static_cast<double>(sample.size());
    double distance = 0;
    for (size_t i = 0; i < sample.size(); ++i) {
        const double expected = distribution(sample[i]);
        distance = std::max({distance, expected - static_cast<double>(i) / size,
                             static_cast<double>(i + 1) / size - expected});
    }
    const boost::math::kolmogorov_smirnov_distribution<double> law(size);
    return {distance, boost::math::cdf(boost::math::complement(law, distance))};
}

TestResult chi_squared(const std::vector<uint64_t>& counts,
                       const std::vector<double>& probabilities) {
    CHECK(counts.size() == probabilities.size() && counts.size() > 1);
    double total = 0;
    for (const uint64_t count : counts) total += static_cast<double>(count);
    double statistic = 0;
    size_t classes = 0;
    double rare_count = 0;
    double rare_expected = 0;
    const auto add = [&](double count, double expected) {
        statistic += (count - expected) * (count - expected) / expected;
        ++classes;
    };
    for (size_t i = 0; i < counts.size(); ++i) {
        const double expected = total * probabilities[i];
        if (expected >= kExpectedCountMin) {
            add(static_cast<double>(counts[i]), expected);
        } else {
            rare_count += static_cast<double>(counts[i]);
            rare_expected += expected;
        }
    }
    if (rare_expected > 0) {
        add(rare_count, rare_expected);
    } else if (rare_count > 0) {
        return {std::numeric_limits<double>::infinity(), 0};  // impossible, and it happened
    }
    if (classes < 2) return {statistic, 1};
    const boost::math::chi_squared_distribution<double> law(static_cast<double>(classes - 1));
    return {statistic, boost::math::cdf(boost::math::complement(law, statistic))};
}

}  // namespace parley::lab
