// Whole nodes synchronise, fork, lose each other and agree again.
#include <gtest/gtest.h>

#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

constexpr Duration kDelay = milliseconds{1};

/// Nodes with proof of work that mine nothing by themselves.
class Sync : public testing::Test {
 protected:
    void add_nodes(size_t count) {
        for (size_t i = 0; i < count; ++i) world_.add_node(pow_node(purse_.params(), 0));
    }
    void connect_line() {
        for (NodeIndex node = 0; node + 1 < world_.size(); ++node) world_.connect(node, node + 1);
    }

    const Purse purse_{0};
    World world_{{.latency = LatencyTable::uniform(kDelay)}};
};

TEST_F(Sync, new_node_fetches_chain_of_peer) {
    add_nodes(2);
    mine(world_, 0, 300);
    world_.connect(1, 0);
    world_.run_for(seconds{2});
    EXPECT_EQ(height(world_, 1), 300);
    EXPECT_TRUE(one_tip(world_));
}

TEST_F(Sync, long_chain_needs_several_header_batches) {
    add_nodes(2);
    mine(world_, 0, 4100);
    world_.connect(1, 0);
    world_.run_for(seconds{10});
    EXPECT_TRUE(one_tip(world_));
    EXPECT_EQ(height(world_, 1), 4100);
    EXPECT_GE(world_.sent_by_command().at("headers").messages, 3u);  // of 2000 at most
}

TEST_F(Sync, foreign_block_is_relayed_by_headers_along_a_line) {
    add_nodes(5);
    connect_line();
    world_.run_for(seconds{1});
    mine(world_, 0, 1);
    world_.run_for(seconds{1});
    EXPECT_TRUE(one_tip(world_));
    EXPECT_EQ(height(world_, 4), 1);
}

TEST_F(Sync, longer_branch_wins_after_partition) {
    add_nodes(4);
    world_.connect_mesh();
    mine(world_, 0, 10);
    world_.run_for(seconds{1});
    ASSERT_TRUE(one_tip(world_));
    world_.partition({{0, 1}, {2, 3}});
    for (const NodeIndex a : {0u, 1u}) {
        for (const NodeIndex b : {2u, 3u}) world_.reset_connections(a, b);
    }
    mine(world_, 0, 20, 1);
    mine(world_, 3, 30, 2);
    world_.run_for(seconds{2});
    EXPECT_FALSE(one_tip(world_));
    EXPECT_EQ(height(world_, 1), 30);
    EXPECT_EQ(height(world_, 2), 40);
    world_.heal();
    world_.run_for(seconds{10});  // dials of the partition's time end after five
    EXPECT_TRUE(one_tip(world_));
    EXPECT_EQ(height(world_, 0), 40);
}

TEST_F(Sync, silently_lost_announcement_is_made_good_by_anti_entropy) {
    add_nodes(2);
    world_.connect(0, 1);
    mine(world_, 0, 3);
    world_.run_for(seconds{1});
    ASSERT_TRUE(one_tip(world_));
    world_.set_message_filter([](const PassingMessage&) { return std::vector<Duration>{}; });
    mine(world_, 0, 2);
    world_.run_for(seconds{1});
    world_.set_message_filter({});
    ASSERT_FALSE(one_tip(world_));
    world_.run_for(seconds{31});
    EXPECT_TRUE(one_tip(world_));
}

TEST_F(Sync, equal_seeds_give_equal_runs) {
    const auto run = [&] {
        World world({.seed = 9});
        for (int i = 0; i < 4; ++i) world.add_node(pow_node(purse_.params(), 0));
        world.connect_mesh();
        for (uint8_t i = 0; i < 20; ++i) {
            mine(world, i % 4, 1, i);
            world.run_for(milliseconds{700});
        }
        return world.digest();
    };
    EXPECT_EQ(run(), run());
}

TEST(SyncOverSlowLinks, own_block_is_pushed_within_one_delay) {
    const Purse purse(0);
    World world({.latency = LatencyTable::uniform(milliseconds{100})});
    for (int i = 0; i < 4; ++i) world.add_node(pow_node(purse.params(), 0));
    world.connect_mesh();
    mine(world, 0, 1);
    world.run_for(seconds{5});
    ASSERT_TRUE(one_tip(world));
    mine(world, 2, 1, 7);
    world.run_for(milliseconds{102});  // the block is synced before it leaves
    EXPECT_TRUE(one_tip(world));
    EXPECT_EQ(height(world, 0), 2);
}

TEST(SyncOverSlowLinks, blocks_of_a_mute_peer_are_fetched_from_another) {
    const Purse purse(0);
    World world({.latency = LatencyTable::uniform(milliseconds{20})});
    for (int i = 0; i < 3; ++i) world.add_node(pow_node(purse.params(), 0));
    mine(world, 0, 100);
    world.connect(1, 0);
    world.run_for(seconds{2});
    ASSERT_TRUE(one_tip(world, {0, 1}));
    world.connect(2, 0);
    world.run_for(milliseconds{190});  // handshake, headers and the first blocks
    ASSERT_GT(height(world, 2), 0);
    ASSERT_LT(height(world, 2), 100);
    world.connect(2, 1);
    world.set_message_filter([](const PassingMessage& message) {
        return message.from == 0 ? std::vector<Duration>{} : std::vector<Duration>(1);
    });
    world.run_for(seconds{40});
    EXPECT_EQ(height(world, 2), 100);
}

TEST(SyncOfSealedChain, is_fetched_with_its_seals) {
    const Purse purse(1);
    Validators validators(purse.params(), 1);
    validators.options().empty_block_period = seconds{1};
    World world({.latency = LatencyTable::uniform(kDelay)});
    world.add_node(validators.validator(0));
    world.run_for(seconds{2100});
    const int32_t before = height(world, 0);
    ASSERT_GT(before, 2000) << "more than one message of headers";
    for (int i = 0; i < 2; ++i) world.add_node(validators.follower());
    world.connect(1, 0);
    world.connect(2, 1);
    ASSERT_TRUE(world.run_until([&] { return height(world, 2) > before && one_tip(world); },
                                seconds{20}, milliseconds{10}));
    EXPECT_FALSE(tip(world, 2).seal.empty());
    // Fresh blocks follow within their links' delays.
    const int32_t caught_up = height(world, 0);
    ASSERT_TRUE(world.run_until([&] { return height(world, 0) > caught_up; }, seconds{2}));
    world.run_for(milliseconds{100});
    EXPECT_TRUE(one_tip(world));
}

}  // namespace
}  // namespace parley::sim
