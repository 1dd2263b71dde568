#include "contrib/lab/model/mining_network.h"

#include <gtest/gtest.h>

namespace parley::lab {
namespace {

TEST(MiningNetwork, normalised_shares_rounded_sum_is_accepted) {
    const auto shares = normalised_shares({0.333, 0.333, 0.333});
    ASSERT_TRUE(shares);
    EXPECT_DOUBLE_EQ((*shares)[0], 1.0 / 3);
    // The pools of 2016 as published: 1.001 together.
    const auto pools = normalised_shares({.289, .196, .159, .133, .066, .054, .029, .016, .012,
                                          .012, .012, .009, .005, .005, .002, .002});
    ASSERT_TRUE(pools);
    EXPECT_NEAR((*pools)[0], 0.289 / 1.001, 1e-12);
}

TEST(MiningNetwork, normalised_shares_errors_say_what_to_do) {
    EXPECT_EQ(normalised_shares({0.5, 0.6}).error(),
              "the shares add up to 1.1, not to 1; divide each by that sum");
    EXPECT_EQ(normalised_shares({1.5, -0.5}).error(),
              "share 2 is -0.5; it must be a number from 0 to 1");
    EXPECT_EQ(normalised_shares({}).error(), "at least one share is needed");
    EXPECT_FALSE(normalised_shares(std::vector<double>(kMinersMax + 1, 1.0 / 1'025)));
    EXPECT_TRUE(normalised_shares(std::vector<double>(kMinersMax, 1.0 / 1'024)));
}

TEST(MiningNetwork, uniform_network_has_the_delay_between_distinct_miners) {
    const auto network = uniform_network({0.5, 0.25, 0.25}, 0.5);
    ASSERT_TRUE(network);
    EXPECT_EQ(network->delay(0, 1), kUnitsPerInterval / 2);
    EXPECT_EQ(network->delay(1, 1), 0u);
    EXPECT_NEAR(network->hash_weighted_delay(0), 0.25, 1e-9);
    EXPECT_NEAR(network->hash_weighted_delay(2), 0.375, 1e-9);
    EXPECT_FALSE(uniform_network({1}, -0.1));
    EXPECT_FALSE(uniform_network({1}, kDelayMax + 1));
    EXPECT_FALSE(uniform_network({1}, std::numeric_limits<double>::quiet_NaN()));
}

TEST(MiningNetwork, flooding_network_takes_the_shortest_path) {
    // a - b - c in 1 s + 2 s, and a direct link a - c that takes 5 s.
    const auto network =
        flooding_network({{"a", 1}, {"b", 1}, {"c", 2}}, {{0, 1, 1}, {1, 2, 2}, {2, 0, 5}}, 10);
    ASSERT_TRUE(network);
    EXPECT_EQ(network->shares, (std::vector<double>{0.25, 0.25, 0.5}));
    EXPECT_NEAR(to_intervals(network->delay(0, 2)), 0.3, 1e-8);
    EXPECT_EQ(network->delay(2, 0), network->delay(0, 2));
    EXPECT_NEAR(to_intervals(network->delay(1, 0)), 0.1, 1e-8);
}

TEST(MiningNetwork, shorten_detours_goes_over_miners_only) {
    MiningNetwork network{{"a", "b", "c"}, {.5, .5, 0}, {0, 1, 5, 1, 0, 2, 5, 2, 0}};
    shorten_detours(network);
    EXPECT_EQ(network.delay(0, 2), 3);  // by way of b
    EXPECT_EQ(network.delay(0, 1), 1);
    MiningNetwork other{{"a", "b", "c"}, {.5, 0, .5}, {0, 1, 5, 1, 0, 2, 5, 2, 0}};
    shorten_detours(other);
    EXPECT_EQ(other.delay(0, 2), 5);  // b mines no block that could come first
}

TEST(MiningNetwork, flooding_network_errors_name_the_miner) {
    EXPECT_EQ(flooding_network({{"a", 1}, {"b", 1}, {"c", 1}}, {{0, 1, 1}}, 10).error(),
              "no path connects the miners \"a\" and \"c\"; add a link");
    EXPECT_EQ(flooding_network({{"a", 0}}, {}, 10).error(),
              "the miners have no hash rate; at least one must be above 0");
    const auto slow = flooding_network({{"a", 1}, {"b", 1}}, {{0, 1, 501}}, 10);
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error(),
              "a block of \"a\" reaches \"b\" after 501 s; at most 50 intervals of 10 s are "
              "possible");
}

}  // namespace
}  // namespace parley::lab
