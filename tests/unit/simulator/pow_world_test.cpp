// Whole nodes with proof of work in one world: they converge, they reorganise, they catch up.
#include <gtest/gtest.h>

#include <cmath>

#include "node/simulator/fork_census.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

/// Stops mining by removing the nodes' schedules, and waits until the bytes in transit have
/// arrived.
void quieten(World& world, Duration time) {
    for (NodeIndex index = 0; index < world.size(); ++index) {
        if (!world.running(index)) continue;
        world.invoke(index, [](Node& node) { node.set_automine({}); });
    }
    world.run_for(time);
}

TEST(PowWorld, four_miners_converge_on_one_tip) {
    const Purse purse(1);
    World world({.seed = 11, .block_interval = seconds{60}});
    add_miners(world, purse.params(), 4);
    world.connect_mesh();
    const int blocks = scaled(100, 20);
    ASSERT_TRUE(world.run_until([&] { return all_reached(world, blocks); }, hours{24}));
    quieten(world, seconds{10});
    EXPECT_TRUE(one_tip(world));
    // Everybody mined: 25 of 100 on average, and none of four in 100 has a chance of e^-28.
    std::vector<int> by_miner(4);
    for (const MinedBlock& block : world.mined()) ++by_miner[block.miner];
    for (const int count : by_miner) EXPECT_GT(count, 0);
    SafetyChecker checker;
    checker.check_coins(world);
    EXPECT_EQ(text(checker), "");
}

TEST(PowWorld, hash_shares_set_who_mines) {
    const Purse purse(1);
    World world({.seed = 12, .latency = LatencyTable::uniform(milliseconds{1})});
    world.add_node(pow_node(purse.params(), 700'000));
    world.add_node(pow_node(purse.params(), 300'000));
    world.connect(0, 1);
    const int blocks = scaled(1'000, 200);
    ASSERT_TRUE(world.run_until([&] { return height(world, 0) >= blocks; }, hours{24 * 365}));
    double first = 0;
    for (const MinedBlock& block : world.mined()) first += block.miner == 0 ? 1 : 0;
    const auto all = static_cast<double>(world.mined().size());
    const double sigma = std::sqrt(0.7 * 0.3 * all);
    EXPECT_NEAR(first, 0.7 * all, 4 * sigma);
    // The interval: a sum of exponentials has a standard deviation of mean / sqrt(n).
    const double elapsed =
        std::chrono::duration<double>(world.now() - world.options().start).count();
    EXPECT_NEAR(elapsed / all, 600, 4 * 600 / std::sqrt(all));
}

TEST(PowWorld, fifty_nodes_over_six_regions_have_one_tip_after_quiet) {
    const Purse purse(1);
    World world({.seed = 13, .latency = LatencyTable::six_regions_2019()});
    const size_t count = 50;
    for (size_t i = 0; i < count; ++i) {
        NodeSpec spec = pow_node(purse.params(), 1'000'000 / count);
        spec.region = i % 6;
        // Links lose nothing here, so that the probes of anti-entropy would be most of the work.
        spec.config.net.anti_entropy_interval = hours{1};
        spec.config.net.ping_interval = minutes{15};
        world.add_node(std::move(spec));
    }
    world.connect_random(4);
    const int blocks = scaled(200, 20);
    ASSERT_TRUE(
        world.run_until([&] { return all_reached(world, blocks); }, hours{24 * 30}, minutes{10}));
    quieten(world, minutes{2});
    EXPECT_TRUE(one_tip(world));
    const ForkCensus census = take_census(world, 0, tip(world, 0).height);
    EXPECT_EQ(census.blocks, world.mined().size());
    // The farthest nodes are a few hops of at most 0.33 s apart, so F_h stays below
    // 1 - exp(-2 s / 600 s) = 0.3 %; three forks in 200 heights would be a chance of 4 percent.
    EXPECT_LE(census.forked_heights, 3u);
    EXPECT_GE(census.heights, static_cast<uint64_t>(blocks));
}

Hash256 digest_of(uint64_t seed) {
    const Purse purse(4);
    World world({.seed = seed, .jitter_max = milliseconds{50}, .block_interval = seconds{20}});
    add_miners(world, purse.params(), 6);
    world.connect_random(2);
    world.run_for(minutes{1});
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(submit(world, i, purse.pay(i)), "");
    world.run_for(minutes{5});
    world.partition({{0, 1, 2}});
    world.run_for(minutes{3});
    world.heal();
    world.crash(4);
    world.run_for(minutes{2});
    world.restart(4);
    world.run_for(minutes{2});
    EXPECT_GT(world.events(), 1'000u);
    return world.digest();
}

TEST(PowWorld, equal_seeds_give_equal_digests_and_others_do_not) {
    const Hash256 first = digest_of(7);
    EXPECT_EQ(first, digest_of(7));
    EXPECT_NE(first, digest_of(8));
}

TEST(PowWorld, partition_of_halves_heals_to_the_heavier_chain) {
    const Purse purse(4);
    World world({.seed = 14});
    for (const uint32_t share : {400'000u, 250'000u, 200'000u, 150'000u})
        world.add_node(pow_node(purse.params(), share));
    world.connect_mesh();
    ASSERT_TRUE(world.run_until([&] { return all_reached(world, 5); }, hours{24}));
    world.run_for(seconds{30});
    const int32_t fork = height(world, 0);

    world.partition({{0, 1}, {2, 3}});
    const TransactionRef lost = purse.pay(0);
    const TransactionRef twice_a = purse.pay(1, 1000);
    const TransactionRef twice_b = purse.pay(1, 5000);
    ASSERT_EQ(submit(world, 2, lost), "");
    ASSERT_EQ(submit(world, 2, twice_b), "");
    ASSERT_EQ(submit(world, 0, twice_a), "");
    world.run_for(seconds{600} * scaled(100, 30));
    ASSERT_TRUE(one_tip(world, {0, 1}));
    ASSERT_TRUE(one_tip(world, {2, 3}));
    const int32_t heavy = height(world, 0);
    const int32_t light = height(world, 2);
    ASSERT_GT(heavy, light);
    ASSERT_TRUE(confirmed(world, 2, lost));
    ASSERT_TRUE(confirmed(world, 2, twice_b));
    ASSERT_TRUE(confirmed(world, 0, twice_a));
    const BlockHash heavy_tip = tip(world, 0).hash;

    world.heal();
    ASSERT_TRUE(world.run_until([&] { return one_tip(world); }, minutes{10}));
    EXPECT_TRUE(tip(world, 2).ancestor(Height{heavy})->hash == heavy_tip);
    EXPECT_EQ(reorganisations(world, 2)[static_cast<uint32_t>(light - fork)], 1u);
    // What only the lighter side had confirmed waits again, or is confirmed by now; what spends
    // the same coin otherwise is gone.
    for (const NodeIndex node : {2u, 3u}) {
        EXPECT_TRUE(waiting(world, node, lost) || confirmed(world, node, lost));
        EXPECT_FALSE(waiting(world, node, twice_b) || confirmed(world, node, twice_b));
        EXPECT_TRUE(confirmed(world, node, twice_a));
    }
    ASSERT_TRUE(world.run_until([&] { return confirmed(world, 0, lost) && one_tip(world); },
                                seconds{600} * 30));
    SafetyChecker checker;
    checker.check_coins(world);
    EXPECT_EQ(text(checker), "");
}

TEST(PowWorld, node_far_behind_catches_up_while_blocks_arrive) {
    const Purse purse(1);
    World world({.seed = 15, .block_interval = seconds{10}});
    add_miners(world, purse.params(), 2);
    world.connect(0, 1);
    const int blocks = scaled(300, 60);
    ASSERT_TRUE(world.run_until([&] { return all_reached(world, blocks); }, hours{24}));
    const NodeIndex late = world.add_node(pow_node(purse.params(), 0));
    EXPECT_EQ(height(world, late), 0);
    world.connect(late, 0);
    world.connect(late, 1);
    ASSERT_TRUE(world.run_until([&] { return one_tip(world); }, minutes{5}));
    EXPECT_GE(height(world, late), blocks);
    EXPECT_EQ(summarise_coins(world, late), summarise_coins(world, 0));
    // It came by headers and requests, not by walking backwards block for block.
    EXPECT_GE(world.sent_by_command().at("getdata").messages, 1u);
    EXPECT_LT(world.sent_by_command().at("getdata").messages, static_cast<uint64_t>(blocks));
}

TEST(PowWorld, crashed_node_goes_on_from_its_stores) {
    const Purse purse(1);
    World world({.seed = 16, .block_interval = seconds{30}});
    add_miners(world, purse.params(), 3);
    world.connect_mesh();
    ASSERT_TRUE(world.run_until([&] { return all_reached(world, 20); }, hours{1}));
    const int32_t before = height(world, 1);
    world.crash(1);
    EXPECT_FALSE(world.running(1));
    world.run_for(minutes{10});
    world.restart(1);
    EXPECT_GE(height(world, 1), before);
    ASSERT_TRUE(world.run_until([&] { return one_tip(world); }, minutes{5}));
    EXPECT_EQ(summarise_coins(world, 1), summarise_coins(world, 0));
    const int32_t joined = height(world, 1);
    EXPECT_TRUE(world.run_until([&] { return all_reached(world, joined + 5); }, hours{1}));
}

}  // namespace
}  // namespace parley::sim
