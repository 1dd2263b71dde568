// Nodes on disks that lose what was not synced, fill up and fail; and the negative control: an
// engine that forgets its barrier breaks agreement where power cuts happen, and the real one, on
// the same seeds, does not.
#include <gtest/gtest.h>

#include "tests/unit/seed.h"
#include "tests/unit/simulator/forgetful_engine.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

struct Outcome {
    std::string violations;
    size_t heights = 0;
};

/// Four validators decide payments. Node 0 is near the others, which are far from each other, so
/// that it often decides first. At a random moment about its decision the others lose their power,
/// come back without it, and are asked to decide a payment that conflicts. Ends at the first
/// violation.
Outcome run_power_cuts(uint64_t seed, bool forgets) {
    constexpr size_t kRounds = 4;
    const Purse purse(kRounds);
    const Validators validators(purse.params(), 4);
    const std::vector<NodeIndex> others{1, 2, 3};
    auto random = SeededRandom::stream(seed, 3, "power cuts");
    const auto up_to = [&](uint64_t most) {
        return milliseconds{static_cast<int64_t>(random.uniform(most))};
    };
    SafetyChecker checker;
    World world({.seed = seed,
                 .latency = LatencyTable::from_upper_triangle(2, {150, 10, 10}),
                 .sync_delay = milliseconds{50}});
    checker.watch(world);
    for (size_t i = 0; i < 4; ++i) {
        NodeSpec spec = validators.validator(i);
        spec.region = i == 0 ? 1 : 0;
        if (forgets) spec.config.engine = forgetful(std::move(spec.config.engine));
        world.add_node(std::move(spec));
    }
    world.connect_mesh();
    world.run_for(seconds{3});
    const auto ended = [&] { return !checker.violations().empty(); };
    for (size_t round = 0; round < kRounds && !ended(); ++round) {
        submit(world, 0, purse.pay(round, 1000));
        const size_t decided = checker.final_heights();
        world.run_until([&] { return checker.final_heights() > decided; }, seconds{2});
        world.run_for(up_to(120));
        for (const NodeIndex node : others) world.crash(node, Crash::power_cut);
        world.partition({{0}, others});
        world.run_for(up_to(300));
        for (const NodeIndex node : others) world.restart(node);
        world.run_for(seconds{3});
        submit(world, others[random.uniform(3)], purse.pay(round, 2000));
        if (world.run_until(ended, seconds{20}, milliseconds{10})) break;
        world.heal();
        world.run_until(ended, seconds{30}, milliseconds{10});
    }
    return {text(checker), checker.final_heights()};
}

TEST(PowerCuts, engine_that_forgets_its_barrier_is_caught_and_the_real_one_is_not) {
    const uint64_t seed = test_seed();
    const int runs = scaled(8, 4);
    int caught = 0;
    size_t heights = 0;
    for (int i = 0; i < runs; ++i) {
        SCOPED_TRACE("seed " + std::to_string(seed + static_cast<uint64_t>(i)));
        const Outcome forgetful = run_power_cuts(seed + static_cast<uint64_t>(i), true);
        const bool disagreed =
            forgetful.violations.find("finalised different blocks") != std::string::npos;
        caught += disagreed ? 1 : 0;
        const Outcome honest = run_power_cuts(seed + static_cast<uint64_t>(i), false);
        EXPECT_EQ(honest.violations, "");
        heights += honest.heights;
    }
    EXPECT_GE(caught * 2, runs) << "the negative control must fire";
    EXPECT_GE(heights, static_cast<size_t>(runs)) << "the real engine got nowhere";
    std::printf("%d of %d runs caught, %zu heights finalised by the real engine\n", caught, runs,
                heights);
}

/// A miner that finds a block every second, and one that listens to it.
struct MinerAndListener {
    MinerAndListener() {
        world.add_node(pow_node(purse.params(), 1'000'000));
        world.add_node(pow_node(purse.params(), 0));
        world.connect(0, 1);
    }
    bool reach(int32_t target) {
        const auto reached = [&] {
            return world.running(1) && height(world, 1) >= target && one_tip(world);
        };
        return world.run_until(reached, minutes{10}, milliseconds{100});
    }

    Purse purse{1};
    World world{{.block_interval = seconds{1}}};
};

TEST(Crash, kill_loses_no_block_and_a_power_cut_some_of_the_last_seconds) {
    for (const Crash how : {Crash::kill, Crash::power_cut}) {
        MinerAndListener pair;
        int32_t lost = 0;
        for (int32_t round = 1; round <= 10; ++round) {
            ASSERT_TRUE(pair.reach(height(pair.world, 0) + 20));
            const int32_t before = height(pair.world, 1);
            pair.world.crash(1, how);
            EXPECT_FALSE(pair.world.running(1));
            pair.world.restart(1);
            ASSERT_TRUE(pair.world.running(1)) << pair.world.stop_reason(1);
            EXPECT_LE(height(pair.world, 1), before);
            lost += before - height(pair.world, 1);
        }
        EXPECT_EQ(lost > 0, how == Crash::power_cut) << lost;
        EXPECT_EQ(pair.world.power_cuts(1), how == Crash::power_cut ? 10u : 0u);
        EXPECT_TRUE(pair.reach(height(pair.world, 0)));
    }
}

TEST(Crash, peers_hear_of_a_kill_at_once_and_of_a_power_cut_when_the_machine_is_back) {
    for (const Crash how : {Crash::kill, Crash::power_cut}) {
        const Purse purse(1);
        World world({});
        for (int i = 0; i < 2; ++i) world.add_node(pow_node(purse.params(), 0));
        world.connect(0, 1);
        world.run_for(seconds{10});
        const auto connections = [&] { return world.node(0).peers().peer_count(false); };
        ASSERT_EQ(connections(), 1u);
        world.crash(1, how);
        world.run_for(milliseconds{150});
        EXPECT_EQ(connections(), how == Crash::kill ? 0u : 1u);
        world.run_for(minutes{3});  // a ping goes out, into nothing
        EXPECT_EQ(connections(), how == Crash::kill ? 0u : 1u);
        world.restart(1);
        world.run_for(milliseconds{150});
        EXPECT_EQ(connections(), 0u);
        EXPECT_TRUE(world.run_until([&] { return connections() == 1; }, minutes{3}));
    }
}

TEST(Crash, node_on_a_full_disk_stops_and_goes_on_where_there_is_space) {
    MinerAndListener pair;
    ASSERT_TRUE(pair.reach(20));
    DiskFaults full{.capacity_bytes = pair.world.disk(1).used_bytes() + 1'000};
    pair.world.disk(1).set_faults(full);
    ASSERT_TRUE(pair.world.run_until([&] { return !pair.world.running(1); }, minutes{5}));
    EXPECT_NE(pair.world.stop_reason(1).find("no space"), std::string::npos);
    EXPECT_LE(pair.world.disk(1).used_bytes(), full.capacity_bytes);
    pair.world.disk(1).set_faults({});
    pair.world.restart(1);
    ASSERT_TRUE(pair.world.running(1));
    EXPECT_EQ(pair.world.stop_reason(1), "");
    EXPECT_TRUE(pair.reach(height(pair.world, 0) + 20));
}

/// Whatever read fails, the node stops with the disk's message or does without; it never takes a
/// failure for an answer, and goes on when the disk is well again.
TEST(Crash, node_whose_disk_fails_to_read_stops_and_recovers) {
    int stopped = 0;
    for (uint64_t read = 1; read <= 60; ++read) {
        MinerAndListener pair;
        ASSERT_TRUE(pair.reach(10));
        pair.world.crash(1);
        pair.world.disk(1).set_faults({.fail_read = read});
        pair.world.restart(1);
        if (pair.world.running(1)) pair.world.run_for(minutes{2});
        pair.world.disk(1).set_faults({});
        if (!pair.world.running(1)) {
            ++stopped;
            EXPECT_NE(pair.world.stop_reason(1), "");
            pair.world.restart(1);
        }
        ASSERT_TRUE(pair.world.running(1)) << "read " << read << pair.world.stop_reason(1);
        ASSERT_TRUE(pair.reach(height(pair.world, 0) + 5)) << "read " << read;
        SafetyChecker checker;
        checker.check_coins(pair.world);
        EXPECT_EQ(text(checker), "");
    }
    EXPECT_GT(stopped, 0);
    std::printf("%d of 60 failed reads stopped the node\n", stopped);
}

/// A start over stores with wrong bits is refused with a reason, or comes to the right chain.
TEST(Crash, flipped_bit_is_refused_or_does_no_harm) {
    int refused = 0;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        MinerAndListener pair;
        ASSERT_TRUE(pair.reach(10 + static_cast<int32_t>(seed)));
        pair.world.crash(1);
        ASSERT_TRUE(pair.world.disk(1).flip_stored_bit("blocks"));
        pair.world.restart(1);
        if (pair.world.running(1)) pair.world.run_for(minutes{1});
        if (pair.world.running(1)) continue;
        ++refused;
        EXPECT_NE(pair.world.stop_reason(1), "");
    }
    EXPECT_GT(refused, 0);
    std::printf("%d of 40 flipped bits were refused\n", refused);
}

}  // namespace
}  // namespace parley::sim
