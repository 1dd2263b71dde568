// Selfish mining, double spends, and the process that drives them.
#include <gtest/gtest.h>

#include <cmath>

#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/model/double_spend.h"
#include "contrib/lab/model/hypothesis_tests.h"
#include "contrib/lab/model/mining_process.h"
#include "contrib/lab/model/selfish_mining.h"

namespace parley::lab {
namespace {

TEST(MiningProcess, next_intervals_are_exponential_and_miners_by_share) {
    const std::vector<double> shares{0.5, 0.3, 0, 0.2};
    MiningProcess process(shares, 5);
    std::vector<double> intervals;
    std::vector<uint64_t> blocks(shares.size(), 0);
    ModelTime last = 0;
    for (int i = 0; i < 50'000; ++i) {
        const auto found = process.next();
        intervals.push_back(to_intervals(found.time - last));
        last = found.time;
        ++blocks[found.miner];
    }
    EXPECT_GT(kolmogorov_smirnov(intervals, [](double x) { return -std::expm1(-x); }).p, 0.01);
    EXPECT_GT(chi_squared(blocks, shares).p, 0.01);
    EXPECT_EQ(blocks[2], 0u);
    // The tests reject a wrong mean and wrong shares.
    EXPECT_LT(kolmogorov_smirnov(intervals, [](double x) { return -std::expm1(-1.03 * x); }).p,
              0.01);
    EXPECT_LT(chi_squared(blocks, {0.51, 0.29, 0, 0.2}).p, 0.01);
}

TEST(MiningProcess, next_miner_last_without_hash_power_finds_nothing) {
    MiningProcess process({0.1, 0.2, 0.7, 0}, 1);
    for (int i = 0; i < 10'000; ++i) ASSERT_LT(process.next_miner(), 3u);
}

TEST(MiningProcess, chance_ends_of_the_scale) {
    MiningProcess process({1}, 1);
    for (int i = 0; i < 100; ++i) {
        ASSERT_FALSE(process.chance(0));
        ASSERT_TRUE(process.chance(1));
    }
}

TEST(SelfishMining, run_revenue_follows_the_formula) {
    for (const double alpha : {0.25, 0.4}) {
        for (const double gamma : {0.0, 0.5, 1.0}) {
            SelfishOptions options;
            options.alpha = alpha;
            options.gamma = gamma;
            options.heights = 200'000;
            const SelfishResult result = run_selfish_mining(options);
            EXPECT_NEAR(result.revenue().value(), selfish_revenue(alpha, gamma), 0.006)
                << alpha << " " << gamma;
            EXPECT_GE(result.heights(), options.heights);
            EXPECT_FALSE(result.partial);
        }
    }
}

TEST(SelfishMining, run_without_hash_power_earns_nothing) {
    SelfishOptions options;
    options.alpha = 0;
    options.heights = 1'000;
    const SelfishResult result = run_selfish_mining(options);
    EXPECT_EQ(result.pool_main + result.pool_stale + result.honest_stale, 0u);
    EXPECT_EQ(result.honest_main, 1'000u);
}

TEST(SelfishMining, run_interrupted_is_partial) {
    SelfishOptions options;
    options.heights = 1'000'000;
    options.proceed = [](uint64_t) { return false; };
    const SelfishResult result = run_selfish_mining(options);
    EXPECT_TRUE(result.partial);
    EXPECT_GT(result.heights(), 0u);
}

TEST(DoubleSpend, run_follows_both_models) {
    for (const uint32_t confirmations : {1u, 2u, 4u}) {
        for (const auto model : {DoubleSpendModel::nakamoto, DoubleSpendModel::rosenfeld}) {
            DoubleSpendOptions options;
            options.model = model;
            options.q = 0.2;
            options.confirmations = confirmations;
            options.attempts = 40'000;
            const Proportion result = run_double_spends(options);
            const double exact = model == DoubleSpendModel::nakamoto
                                     ? nakamoto_double_spend(0.2, confirmations)
                                     : rosenfeld_double_spend(0.2, confirmations);
            EXPECT_EQ(result.trials, options.attempts);
            EXPECT_NEAR(result.value(), exact, 4 * std::sqrt(exact * (1 - exact) / 40'000))
                << to_string(model) << " " << confirmations;
        }
    }
}

TEST(DoubleSpend, run_models_differ) {
    // One confirmation, q = 0.4: 82.9 % by Nakamoto's formula, 80 % by Rosenfeld's.
    EXPECT_GT(nakamoto_double_spend(0.4, 1) - rosenfeld_double_spend(0.4, 1), 0.02);
    DoubleSpendOptions options;
    options.q = 0.4;
    options.confirmations = 1;
    options.attempts = 50'000;
    const Proportion exact = run_double_spends(options);
    options.model = DoubleSpendModel::nakamoto;
    EXPECT_GT(run_double_spends(options).low(), exact.high());
}

TEST(DoubleSpend, run_without_hash_power_fails) {
    DoubleSpendOptions options;
    options.q = 0;
    options.confirmations = 1;
    options.attempts = 1'000;
    EXPECT_EQ(run_double_spends(options).hits, 0u);
}

}  // namespace
}  // namespace parley::lab
