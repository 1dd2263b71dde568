#include "contrib/lab/model/closed_forms.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace parley::lab {
namespace {

TEST(ClosedForms, many_small_miners_forms) {
    const ForkRates rates = many_small_miners(0.5);
    EXPECT_NEAR(rates.forked_heights, 0.3934693, 1e-7);
    EXPECT_NEAR(rates.stale_of_all, 1.0 / 3, 1e-12);
    EXPECT_NEAR(rates.stale_of_main, 0.5, 1e-12);
    EXPECT_NEAR(rates.growth, 2.0 / 3, 1e-12);
}

TEST(ClosedForms, finite_miners_approach_many_small_ones) {
    const ForkRates two = finite_miners({0.5, 0.5}, 0.01);
    EXPECT_NEAR(two.stale_of_main, 0.005, 1e-12);
    EXPECT_NEAR(two.forked_heights, -std::expm1(-0.005), 1e-12);
    const ForkRates thousand = finite_miners(std::vector<double>(1'000, 0.001), 0.5);
    EXPECT_NEAR(thousand.forked_heights, many_small_miners(0.5).forked_heights, 5e-4);
    EXPECT_NEAR(thousand.growth, many_small_miners(0.5).growth, 5e-4);
}

TEST(ClosedForms, finite_miners_alone_never_fork) {
    const ForkRates alone = finite_miners({1}, 3);
    EXPECT_EQ(alone.forked_heights, 0);
    EXPECT_EQ(alone.stale_of_all, 0);
    EXPECT_EQ(alone.growth, 1);
}

TEST(ClosedForms, two_miners_equal_is_exact) {
    for (const double x : {0.05, 0.1, 0.5, 1.0, 20.0}) {
        const ForkRates rates = two_miners(0.5, x);
        EXPECT_NEAR(rates.growth, (2 + x) / (2 + 2 * x), 1e-12);
        EXPECT_NEAR(rates.forked_heights, x / (2 + x), 1e-12);
        EXPECT_NEAR(rates.stale_of_all, x / (2 + 2 * x), 1e-12);
    }
}

TEST(ClosedForms, two_miners_unequal_is_symmetric_and_continuous) {
    const double x = 0.7;
    EXPECT_DOUBLE_EQ(two_miners(0.3, x).growth, two_miners(0.7, x).growth);
    EXPECT_NEAR(two_miners(0.500001, x).growth, two_miners(0.5, x).growth, 1e-6);
    // The formula as printed.
    const double a = 0.7;
    const double b = 0.3;
    const double growth = (a * a * std::exp(2 * x * a) - b * b * std::exp(2 * x * b)) /
                          (a * std::exp(2 * x * a) - b * std::exp(2 * x * b));
    EXPECT_NEAR(two_miners(0.3, x).growth, growth, 1e-12);
    // With a huge delay the larger miner's chain is the only one that grows.
    EXPECT_NEAR(two_miners(0.3, 1'000).growth, 0.7, 1e-12);
    EXPECT_EQ(two_miners(0.3, 0).stale_of_all, 0);
}

TEST(ClosedForms, decker_gives_the_published_probability) {
    EXPECT_NEAR(decker_fork_probability(1 / 633.68, 11.37), 0.0178, 5e-5);
}

TEST(ClosedForms, selfish_revenue_gives_published_values) {
    EXPECT_NEAR(selfish_revenue(0.35, 0), 0.36651, 5e-6);
    EXPECT_NEAR(selfish_revenue(0.40, 0), 0.48372, 5e-6);
    EXPECT_NEAR(selfish_revenue(0.25, 0.5), 0.25, 5e-6);
    EXPECT_NEAR(selfish_revenue(0.30, 1), 0.38062, 5e-6);
}

TEST(ClosedForms, selfish_threshold_is_where_revenue_equals_the_share) {
    EXPECT_NEAR(selfish_threshold(0), 1.0 / 3, 1e-12);
    EXPECT_NEAR(selfish_threshold(0.5), 0.25, 1e-12);
    EXPECT_NEAR(selfish_threshold(1), 0, 1e-12);
    for (const double gamma : {0.0, 0.2, 0.5, 0.9}) {
        const double alpha = selfish_threshold(gamma);
        EXPECT_NEAR(selfish_revenue(alpha, gamma), alpha, 1e-12) << gamma;
    }
}

TEST(ClosedForms, nakamoto_gives_the_papers_table) {
    constexpr std::array kTable{1.0,       0.2045873, 0.0509779, 0.0131722,
                                0.0034552, 0.0009137, 0.0002428};
    for (uint32_t z = 0; z < kTable.size(); ++z)
        EXPECT_NEAR(nakamoto_double_spend(0.1, z), kTable[z], 5e-8) << z;
    EXPECT_NEAR(nakamoto_double_spend(0.3, 5), 0.1773523, 5e-8);
    EXPECT_EQ(nakamoto_double_spend(0, 1), 0);
}

TEST(ClosedForms, rosenfeld_gives_the_papers_table) {
    EXPECT_NEAR(rosenfeld_double_spend(0.1, 1), 0.20, 1e-9);
    EXPECT_NEAR(rosenfeld_double_spend(0.1, 2), 0.056, 1e-9);
    EXPECT_NEAR(rosenfeld_double_spend(0.1, 3), 0.01712, 1e-9);
    EXPECT_EQ(rosenfeld_double_spend(0, 1), 0);
}

TEST(ClosedForms, confirmations_for_finds_the_first_that_suffices) {
    // Nakamoto's second table: P < 0.1 %.
    EXPECT_EQ(confirmations_for(nakamoto_double_spend, 0.10, 0.001, 100), 5u);
    EXPECT_EQ(confirmations_for(nakamoto_double_spend, 0.30, 0.001, 100), 24u);
    EXPECT_EQ(confirmations_for(nakamoto_double_spend, 0.45, 0.001, 400), 340u);
    EXPECT_EQ(confirmations_for(nakamoto_double_spend, 0.45, 0.001, 339), std::nullopt);
}

}  // namespace
}  // namespace parley::lab
