// Several nodes synchronise, fork, lose each other and agree again.
#include <gtest/gtest.h>

#include "world.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Sync, new_node_fetches_chain_of_peer) {
    World world(1);
    world.add_node();
    world.add_node();
    world.node(0).backend.mine(300);
    world.connect(1, 0);
    world.run(seconds{2});
    EXPECT_EQ(world.node(1).backend.active_tip().height, Height{300});
    EXPECT_TRUE(world.same_tip());
}

TEST(Sync, long_chain_needs_several_header_batches) {
    World world(2);
    world.add_node();
    world.add_node();
    world.node(0).backend.mine(5000, 0, nullptr, false);
    world.connect(1, 0);
    world.run(seconds{10});
    EXPECT_TRUE(world.same_tip());
    EXPECT_EQ(world.node(1).backend.active_tip().height, Height{5000});
}

TEST(Sync, own_block_is_pushed_within_one_delay) {
    World world(3);
    for (int i = 0; i < 4; ++i) world.add_node();
    world.connect_all();
    world.node(0).backend.mine(1);
    world.run(seconds{2});
    ASSERT_TRUE(world.same_tip());
    world.delay = milliseconds{100};
    world.node(2).backend.mine(1, 7);
    world.run(milliseconds{101});
    EXPECT_TRUE(world.same_tip());
    EXPECT_EQ(world.node(0).backend.active_tip().height, Height{2});
}

TEST(Sync, foreign_block_is_relayed_by_headers_along_a_line) {
    World world(4);
    for (int i = 0; i < 5; ++i) world.add_node();
    for (size_t i = 0; i + 1 < 5; ++i) world.connect(i, i + 1);
    world.run(seconds{1});
    world.node(0).backend.mine(1);
    world.run(seconds{1});
    EXPECT_TRUE(world.same_tip());
    EXPECT_EQ(world.node(4).backend.active_tip().height, Height{1});
}

TEST(Sync, longer_branch_wins_after_partition) {
    World world(5);
    for (int i = 0; i < 4; ++i) world.add_node();
    world.connect_all();
    world.node(0).backend.mine(10);
    world.run(seconds{1});
    for (size_t a : {0u, 1u}) {
        for (size_t b : {2u, 3u}) world.cut(a, b, true);
    }
    world.node(0).backend.mine(20, 1);
    world.node(3).backend.mine(30, 2);
    world.run(seconds{2});
    EXPECT_FALSE(world.same_tip());
    for (size_t a : {0u, 1u}) {
        for (size_t b : {2u, 3u}) world.mend(a, b);
    }
    world.run(seconds{5});
    EXPECT_TRUE(world.same_tip());
    EXPECT_EQ(world.node(0).backend.active_tip().height, Height{40});
}

TEST(Sync, silently_lost_announcement_is_made_good_by_anti_entropy) {
    World world(6);
    world.add_node();
    world.add_node();
    world.connect(0, 1);
    world.node(0).backend.mine(3);
    world.run(seconds{1});
    ASSERT_TRUE(world.same_tip());
    world.cut(0, 1, false);  // the connection stands, but nothing passes
    world.node(0).backend.mine(2);
    world.run(seconds{1});
    world.mend(0, 1);
    ASSERT_FALSE(world.same_tip());
    world.run(seconds{31});
    EXPECT_TRUE(world.same_tip());
}

TEST(Sync, blocks_of_a_mute_peer_are_fetched_from_another) {
    World world(7);
    for (int i = 0; i < 3; ++i) world.add_node();
    world.node(0).backend.mine(100);
    world.node(1).backend.mine(100);
    ASSERT_EQ(world.node(0).backend.active_tip().hash, world.node(1).backend.active_tip().hash);
    world.connect(2, 0);
    world.delay = milliseconds{20};
    world.run(milliseconds{150});  // handshake, headers and the first blocks
    world.connect(2, 1);
    world.cut(2, 0, false);
    world.run(seconds{40});
    EXPECT_EQ(world.node(2).backend.active_tip().height, Height{100});
}

TEST(Sync, sealed_chain_is_fetched_with_its_seals) {
    World world(8);
    world.add_node({}, true);
    world.add_node({}, true);
    world.add_node({}, true);
    world.node(0).backend.mine(2500, 0, nullptr, false);
    world.connect(1, 0);
    world.connect(2, 1);
    world.run(seconds{20});
    EXPECT_TRUE(world.same_tip());
    EXPECT_EQ(world.node(2).backend.active_tip().height, Height{2500});
    world.node(1).backend.mine(1);
    world.run(seconds{1});
    EXPECT_TRUE(world.same_tip());
    EXPECT_EQ(world.node(0).backend.active_tip().height, Height{2501});
}

TEST(Sync, equal_seeds_give_equal_runs) {
    const auto run = [] {
        World world(9);
        for (int i = 0; i < 4; ++i) world.add_node();
        world.connect_all();
        for (uint32_t i = 0; i < 20; ++i) {
            world.node(i % 4).backend.mine(1, i);
            world.run(milliseconds{700});
        }
        return std::pair{world.bytes_delivered, world.events};
    };
    EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace parley::test
