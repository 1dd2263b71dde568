#include "contrib/lab/model/hypothesis_tests.h"

#include <gtest/gtest.h>

#include <cmath>

namespace parley::lab {
namespace {

double uniform_law(double x) {
    return std::min(1.0, std::max(0.0, x));
}

/// n values at the middles of n equal parts: the most even sample, with statistic 1 / 2n.
std::vector<double> even_sample(size_t n) {
    std::vector<double> sample;
    for (size_t i = 0; i < n; ++i)
        sample.push_back((static_cast<double>(i) + 0.5) / static_cast<double>(n));
    return sample;
}

TEST(HypothesisTests, kolmogorov_smirnov_even_sample_has_the_smallest_statistic) {
    const TestResult result = kolmogorov_smirnov(even_sample(1'000), uniform_law);
    EXPECT_NEAR(result.statistic, 0.0005, 1e-12);
    EXPECT_NEAR(result.p, 1, 1e-6);
}

TEST(HypothesisTests, kolmogorov_smirnov_known_critical_values) {
    // sqrt(n) D = 1.3581 and 1.6276 are the 5 % and 1 % points of the limiting distribution. A
    // sample moved by D - 1 / 2n has the statistic D.
    const size_t n = 1'000'000;
    for (const auto& [scaled, p] : {std::pair{1.3581, 0.05}, {1.6276, 0.01}}) {
        const double shift = scaled / 1'000 - 0.5 / static_cast<double>(n);
        std::vector<double> sample = even_sample(n);
        for (double& value : sample) value += shift;
        const TestResult result = kolmogorov_smirnov(sample, uniform_law);
        EXPECT_NEAR(result.statistic, scaled / 1'000, 1e-9);
        EXPECT_NEAR(result.p, p, p * 0.005);
    }
}

TEST(HypothesisTests, kolmogorov_smirnov_wrong_law_is_rejected) {
    const TestResult result =
        kolmogorov_smirnov(even_sample(1'000), [](double x) { return uniform_law(x * x); });
    EXPECT_NEAR(result.statistic, 0.25, 1e-3);
    EXPECT_LT(result.p, 1e-12);
}

TEST(HypothesisTests, chi_squared_agrees_with_closed_forms) {
    // The distribution has closed forms for one degree of freedom (the square of a normal variable)
    // and for two (exponential with mean 2).
    const TestResult one = chi_squared({500'980, 499'020}, {0.5, 0.5});
    EXPECT_NEAR(one.statistic, 2 * 980.0 * 980.0 / 500'000, 1e-9);
    EXPECT_NEAR(one.p, std::erfc(std::sqrt(one.statistic / 2)), 1e-9);
    const TestResult two = chi_squared({30, 50, 40}, {1.0 / 3, 1.0 / 3, 1.0 / 3});
    EXPECT_NEAR(two.statistic, 5, 1e-9);
    EXPECT_NEAR(two.p, std::exp(-2.5), 1e-9);
}

TEST(HypothesisTests, chi_squared_pools_rare_classes) {
    // The last two classes have expected counts of 3 and 2: together one class of 5.
    const TestResult result = chi_squared({50, 45, 4, 1}, {0.5, 0.45, 0.03, 0.02});
    EXPECT_NEAR(result.statistic, 0, 1e-9);
    EXPECT_NEAR(result.p, 1, 1e-9);
}

TEST(HypothesisTests, chi_squared_impossible_class_is_rejected) {
    EXPECT_EQ(chi_squared({50, 50, 1}, {0.5, 0.5, 0}).p, 0);
    EXPECT_GT(chi_squared({50, 50, 0}, {0.5, 0.5, 0}).p, 0.99);
}

}  // namespace
}  // namespace parley::lab
