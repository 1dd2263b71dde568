#include "contrib/lab/model/mining_race.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "contrib/lab/model/closed_forms.h"

namespace parley::lab {
namespace {

MiningNetwork equal_miners(size_t count, double lambda_delta) {
    return *uniform_network(std::vector<double>(count, 1.0 / static_cast<double>(count)),
                            lambda_delta);
}

RaceResult race(const MiningNetwork& network, uint64_t heights, uint64_t seed = 1) {
    RaceOptions options;
    options.heights = heights;
    options.seed = seed;
    return run_race(network, options);
}

/// Standard errors between a measured proportion and an exact value.
double deviation(const Proportion& measured, double exact) {
    return std::abs(measured.value() - exact) /
           std::sqrt(exact * (1 - exact) / static_cast<double>(measured.trials));
}

TEST(MiningRace, run_without_delay_never_forks) {
    const RaceResult result = race(equal_miners(4, 0), 5'000);
    EXPECT_EQ(result.heights, 5'000u);
    EXPECT_EQ(result.blocks, 5'000u);
    EXPECT_EQ(result.forked, 0u);
    EXPECT_TRUE(result.reorganisations.empty());
    EXPECT_NEAR(result.growth(), 1, 0.05);
}

TEST(MiningRace, run_single_miner_never_forks) {
    const RaceResult result = race(equal_miners(1, 5), 1'000);
    EXPECT_EQ(result.blocks, 1'000u);
    EXPECT_EQ(result.main, std::vector<uint64_t>{1'000});
}

TEST(MiningRace, run_two_equal_miners_is_exact) {
    for (const double x : {0.1, 1.0}) {
        const RaceResult result = race(equal_miners(2, x), 100'000);
        const ForkRates exact = two_miners(0.5, x);
        EXPECT_LT(deviation(result.forked_heights(), exact.forked_heights), 4) << x;
        EXPECT_LT(deviation(result.stale_of_all(), exact.stale_of_all), 4) << x;
        EXPECT_NEAR(result.growth(), exact.growth, 0.015) << x;
        // Two miners: at most two blocks at a height.
        EXPECT_EQ(result.stale(), result.forked);
    }
}

TEST(MiningRace, run_two_unequal_miners_is_exact) {
    const RaceResult result = race(*uniform_network({0.2, 0.8}, 0.8), 100'000);
    const ForkRates exact = two_miners(0.2, 0.8);
    EXPECT_LT(deviation(result.stale_of_all(), exact.stale_of_all), 4);
    // Centralisation pays: the smaller miner has less of the chain than of the hash rate.
    EXPECT_LT(result.main[0], 19'000u);
    EXPECT_NEAR(static_cast<double>(result.mined[0]) / static_cast<double>(result.blocks), 0.2,
                0.01);
}

TEST(MiningRace, run_many_miners_approaches_the_limit) {
    const RaceResult result = race(equal_miners(64, 1), 50'000);
    EXPECT_NEAR(result.growth(), 0.509, 0.01);
    EXPECT_GT(result.stale(), result.forked);  // three and more blocks at some heights
}

TEST(MiningRace, run_counts_are_consistent) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        const double delay = static_cast<double>(seed) / 5;
        const RaceResult result =
            race(*uniform_network({0.4, 0.3, 0.2, 0.1}, delay), 100 * seed, seed);
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        EXPECT_EQ(result.heights, 100 * seed);
        EXPECT_EQ(std::accumulate(result.main.begin(), result.main.end(), uint64_t{0}),
                  result.heights);
        EXPECT_EQ(std::accumulate(result.mined.begin(), result.mined.end(), uint64_t{0}),
                  result.blocks);
        for (size_t i = 0; i < 4; ++i) EXPECT_LE(result.main[i], result.mined[i]);
        EXPECT_LE(result.forked, std::min(result.heights, result.stale()));
        EXPECT_FALSE(result.partial);
        // Each stale block was taken off the chain of its own miner, at least.
        uint64_t removed = 0;
        for (const auto& [depth, count] : result.reorganisations) removed += depth * count;
        EXPECT_GE(removed, result.stale());
    }
}

TEST(MiningRace, run_same_seed_gives_the_same_run) {
    const MiningNetwork network = equal_miners(8, 0.7);
    const RaceResult first = race(network, 5'000, 7);
    const RaceResult again = race(network, 5'000, 7);
    EXPECT_EQ(first.blocks, again.blocks);
    EXPECT_EQ(first.mined, again.mined);
    EXPECT_EQ(first.intervals, again.intervals);
    EXPECT_EQ(first.reorganisations, again.reorganisations);
    EXPECT_NE(first.intervals, race(network, 5'000, 8).intervals);
}

TEST(MiningRace, run_longer_has_the_shorter_run_as_its_beginning) {
    // A height is final only when nothing can change it: the first heights of a long run are those
    // of a short run.
    const MiningNetwork network = equal_miners(5, 2);
    std::vector<RaceResult> results;
    for (const uint64_t heights : {1'000, 2'000}) results.push_back(race(network, heights, 3));
    EXPECT_LT(results[0].blocks, results[1].blocks);
    for (size_t i = 0; i < 5; ++i) {
        EXPECT_LE(results[0].main[i], results[1].main[i]);
        EXPECT_LE(results[0].mined[i], results[1].mined[i]);
    }
}

TEST(MiningRace, run_interrupted_is_partial_and_consistent) {
    RaceOptions options;
    options.heights = 1'000'000;
    options.proceed = [](uint64_t heights) { return heights < 20'000; };
    const RaceResult result = run_race(equal_miners(4, 1), options);
    EXPECT_TRUE(result.partial);
    EXPECT_GE(result.heights, 20'000u);
    EXPECT_LT(result.heights, 1'000'000u);
    EXPECT_EQ(std::accumulate(result.main.begin(), result.main.end(), uint64_t{0}), result.heights);
    EXPECT_NEAR(result.stale_of_all().value(), 0.372, 0.02);
}

TEST(MiningRace, run_interrupted_before_anything_is_final_has_no_rate) {
    RaceOptions options;
    options.heights = 1'000'000;
    options.proceed = [](uint64_t) { return false; };
    // A partition that outlives the run: the two sides agree on nothing but the genesis block.
    options.partition = RacePartition{{true, false}, 1'000'000 * kUnitsPerInterval};
    const RaceResult result = run_race(equal_miners(2, 0), options);
    EXPECT_TRUE(result.partial);
    EXPECT_EQ(result.heights, 0u);
    EXPECT_EQ(result.blocks, 0u);
    EXPECT_EQ(result.growth(), 0);
}

TEST(MiningRace, run_partition_makes_the_minoritys_blocks_stale) {
    RaceOptions options;
    options.heights = 200;
    options.partition = RacePartition{{true, false}, 100 * kUnitsPerInterval};
    double stale = 0;
    constexpr uint64_t kSeeds = 50;
    for (options.seed = 1; options.seed <= kSeeds; ++options.seed) {
        const RaceResult result = run_race(*uniform_network({0.3, 0.7}, 0), options);
        EXPECT_EQ(result.main[1], result.mined[1]) << "seed " << options.seed;
        stale += static_cast<double>(result.stale());
        // The minority changes to the other branch once.
        EXPECT_EQ(result.reorganisations.size(), 1u);
    }
    // A Poisson variable of mean 30.
    EXPECT_NEAR(stale / kSeeds, 30, 4 * std::sqrt(30.0 / kSeeds));
}

TEST(MiningRace, run_chain_of_relays_delays_the_ends_most) {
    // a - b - c - d, 0.1 intervals each.
    const auto network = flooding_network({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}},
                                          {{0, 1, 60}, {1, 2, 60}, {2, 3, 60}}, 600);
    ASSERT_TRUE(network);
    const RaceResult result = race(*network, 100'000);
    // Mean of the pairwise delays with the own one: (6 * 0.1 + 4 * 0.2 + 2 * 0.3) / 16.
    EXPECT_NEAR(result.weighted_delay, 0.125, 1e-3);
    EXPECT_NEAR(result.forked_heights().value(), -std::expm1(-0.125), 0.006);
    EXPECT_LT(result.main[0], result.main[1]);
    EXPECT_LT(result.main[3], result.main[2]);
}

TEST(MiningRace, run_miner_without_hash_power_only_relays) {
    // Two miners that reach each other through a relay: the exact formula holds for the path.
    const auto network =
        flooding_network({{"a", 1}, {"relay", 0}, {"b", 1}}, {{0, 1, 0.5}, {1, 2, 0.5}}, 1);
    ASSERT_TRUE(network);
    const RaceResult result = race(*network, 50'000);
    EXPECT_EQ(result.mined[1], 0u);
    EXPECT_LT(deviation(result.stale_of_all(), two_miners(0.5, 1).stale_of_all), 4);
}

TEST(RaceResult, add_pools_two_runs) {
    const MiningNetwork network = equal_miners(3, 1);
    const RaceResult first = race(network, 1'000, 1);
    const RaceResult second = race(network, 2'000, 2);
    RaceResult both;
    both.add(first);
    both.add(second);
    EXPECT_EQ(both.heights, 3'000u);
    EXPECT_EQ(both.blocks, first.blocks + second.blocks);
    EXPECT_EQ(both.main[2], first.main[2] + second.main[2]);
    EXPECT_DOUBLE_EQ(both.intervals, first.intervals + second.intervals);
    EXPECT_NEAR(both.weighted_delay, 2.0 / 3, 1e-6);
}

}  // namespace
}  // namespace parley::lab
