// The world's own promises: delays, jitter, partitions, barriers, clocks and counts, seen through
// nodes.
#include <gtest/gtest.h>

#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

/// One miner (node 0) that works on demand only, and one node that listens.
struct Link {
    explicit Link(WorldOptions options, Duration skew = Duration{0})
        : purse(1), world(std::move(options)) {
        NodeSpec miner = pow_node(purse.params(), 0);
        miner.clock_offset = skew;
        world.add_node(std::move(miner));
        world.add_node(pow_node(purse.params(), 0));
        world.connect(0, 1);
        world.run_for(seconds{10});
    }
    /// Node 0 finds a block now.
    void mine() {
        world.invoke(0, [](Node& node) { node.set_automine(*parse_automine("0.001")); });
        const int32_t before = height(world, 0);
        ASSERT_TRUE(world.run_until([&] { return height(world, 0) > before; }, seconds{1}));
        world.invoke(0, [](Node& node) { node.set_automine({}); });
    }

    Purse purse;
    World world;
};

TEST(World, block_arrives_after_the_delay_of_the_table) {
    Link link({.latency = LatencyTable::uniform(milliseconds{250})});
    link.mine();
    const TimePoint found = link.world.now();
    ASSERT_TRUE(link.world.run_until([&] { return height(link.world, 1) == 1; }, seconds{5}));
    EXPECT_EQ(link.world.now() - found, milliseconds{250});
}

TEST(World, jitter_stays_in_its_bound_and_streams_keep_their_order) {
    Link link(
        {.latency = LatencyTable::uniform(milliseconds{100}), .jitter_max = milliseconds{400}});
    Duration least = hours{1};
    Duration most{0};
    for (int32_t round = 1; round <= 40; ++round) {
        link.mine();
        const TimePoint found = link.world.now();
        ASSERT_TRUE(
            link.world.run_until([&] { return height(link.world, 1) == round; }, seconds{5}));
        least = std::min(least, link.world.now() - found);
        most = std::max(most, link.world.now() - found);
    }
    EXPECT_GE(least, milliseconds{100});
    EXPECT_LT(least, milliseconds{200});  // of 40 uniform draws one is that low
    EXPECT_GT(most, milliseconds{400});
    // A stream out of order would have been garbage: the connection is still the first one.
    EXPECT_EQ(link.world.sent_by_command().at("version").messages, 2u);
}

TEST(World, partition_holds_back_and_heal_delivers) {
    Link link({.latency = LatencyTable::uniform(milliseconds{100})});
    link.world.partition({{0}, {1}});
    link.mine();
    link.world.run_for(minutes{1});
    EXPECT_EQ(height(link.world, 1), 0);
    link.world.heal();
    link.world.run_for(milliseconds{100});
    EXPECT_EQ(height(link.world, 1), 1);
}

TEST(World, connections_that_died_in_a_long_partition_are_made_again) {
    Link link({});
    link.world.partition({{0}, {1}});
    link.world.run_for(hours{2});  // pings go unanswered; both sides give up
    link.mine();
    link.world.heal();
    EXPECT_TRUE(link.world.run_until([&] { return height(link.world, 1) == 1; }, minutes{3}));
    EXPECT_GT(link.world.sent_by_command().at("version").messages, 2u);
}

TEST(World, crash_takes_connections_away_and_restart_brings_them_back) {
    Link link({});
    link.world.crash(1);
    link.mine();
    link.world.run_for(minutes{5});
    link.world.restart(1);
    EXPECT_EQ(height(link.world, 1), 0);
    // The other side dials, with pauses of up to a minute and a quarter.
    EXPECT_TRUE(link.world.run_until([&] { return height(link.world, 1) == 1; }, minutes{3}));
}

TEST(World, crash_before_the_sync_loses_what_waits_behind_the_barrier) {
    const Purse purse(1);
    const Validators validators(purse.params(), 4);
    World world({.sync_delay = seconds{1}});
    for (size_t i = 0; i < 4; ++i) world.add_node(validators.validator(i));
    world.connect_mesh();
    world.run_for(seconds{10});
    const auto engine_messages = [&] { return world.sent_by_command().at("engine").messages; };
    const uint64_t before = engine_messages();
    ASSERT_EQ(submit(world, 0, purse.pay(0)), "");  // the primary proposes
    world.run_for(milliseconds{900});
    EXPECT_EQ(engine_messages(), before) << "the pre-prepare left before its record was safe";
    world.crash(0);
    world.run_for(seconds{5});
    EXPECT_FALSE(waiting(world, 1, purse.pay(0)));
    EXPECT_EQ(height(world, 1), 0);
}

TEST(World, clock_offset_shows_in_block_times) {
    Link link({}, minutes{30});
    link.mine();
    const int64_t now = to_unix_seconds(link.world.now());
    EXPECT_NEAR(static_cast<double>(tip(link.world, 0).time() - now), 1800, 1);
    link.world.run_for(seconds{1});
    EXPECT_EQ(height(link.world, 1), 1);
}

TEST(World, block_from_too_far_in_the_future_is_taken_once_its_time_is_near) {
    Link link({}, hours{3});
    link.mine();
    link.world.run_for(minutes{50});
    EXPECT_EQ(height(link.world, 1), 0);
    link.world.run_for(minutes{15});
    EXPECT_EQ(height(link.world, 1), 1);
}

TEST(World, traffic_is_counted_by_node_and_by_command) {
    Link link({});
    link.mine();
    link.world.run_for(seconds{1});
    const auto& commands = link.world.sent_by_command();
    EXPECT_EQ(commands.at("version").messages, 2u);
    EXPECT_EQ(commands.at("verack").messages, 2u);
    EXPECT_EQ(commands.at("verack").bytes, 2u * 24);
    EXPECT_EQ(commands.at("block").messages, 1u);
    uint64_t bytes = 0;
    for (const auto& [command, traffic] : commands) bytes += traffic.bytes;
    EXPECT_EQ(bytes, link.world.bytes_sent());
    EXPECT_EQ(link.world.sent(0).bytes + link.world.sent(1).bytes, bytes);
}

TEST(LatencyTable, six_regions_are_symmetric_and_as_published) {
    const LatencyTable table = LatencyTable::six_regions_2019();
    ASSERT_EQ(table.regions(), 6u);
    EXPECT_EQ(table.delay(0, 0), milliseconds{32});
    EXPECT_EQ(table.delay(1, 5), milliseconds{294});
    EXPECT_EQ(table.delay(5, 5), milliseconds{16});
    for (size_t from = 0; from < 6; ++from) {
        for (size_t to = 0; to < 6; ++to) EXPECT_EQ(table.delay(from, to), table.delay(to, from));
    }
}

TEST(World, paused_node_handles_late_and_in_order_what_reached_it) {
    Link link({.latency = LatencyTable::uniform(milliseconds{100})});
    link.world.pause(1, seconds{5});
    const TimePoint paused = link.world.now();
    for (int i = 0; i < 3; ++i) link.mine();
    EXPECT_TRUE(link.world.running(1));
    link.world.run_for(paused + milliseconds{4999} - link.world.now());
    EXPECT_TRUE(link.world.paused(1));
    EXPECT_EQ(height(link.world, 1), 0);
    ASSERT_TRUE(link.world.run_until([&] { return height(link.world, 1) == 3; }, seconds{2}));
    EXPECT_GE(link.world.now() - paused, seconds{5});
    EXPECT_FALSE(link.world.paused(1));
    // A stream out of order would have been garbage: the connection is still the first one.
    EXPECT_EQ(link.world.sent_by_command().at("version").messages, 2u);
}

TEST(World, crash_ends_a_pause) {
    Link link({.latency = LatencyTable::uniform(milliseconds{100})});
    link.world.pause(1, minutes{5});
    link.mine();
    link.world.run_for(seconds{1});
    link.world.crash(1);
    link.world.restart(1);
    EXPECT_FALSE(link.world.paused(1));
    // The first event after the end of the pause is not one that the crashed process had left.
    ASSERT_TRUE(link.world.run_until([&] { return height(link.world, 1) == 1; }, minutes{2}));
    link.world.run_for(minutes{5});
    EXPECT_EQ(height(link.world, 1), 1);
}

TEST(World, clock_of_a_running_node_is_set_forward_and_of_a_crashed_one_anywhere) {
    Link link({.latency = LatencyTable::uniform(milliseconds{100})});
    const auto time_of = [&](Duration by) {
        link.world.shift_clock(0, by);
        link.mine();
        return tip(link.world, 0).header.time;
    };
    const uint32_t before = time_of(Duration{0});
    EXPECT_GE(time_of(minutes{5}), before + 300);
    link.world.crash(0);
    link.world.shift_clock(0, -minutes{4});
    link.world.restart(0);
    const uint32_t after = time_of(Duration{0});
    EXPECT_GT(after, before);
    EXPECT_LT(after, before + 300 + 60);
}

}  // namespace
}  // namespace parley::sim
