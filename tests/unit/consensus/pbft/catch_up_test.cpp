// Replicas and followers that lag: they take blocks with their certificates, and do not vote
// meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/consensus/pbft/cluster.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::IsEmpty;

void decide(Cluster& cluster, const std::vector<Node>& nodes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        const size_t target = cluster.lowest_height(nodes) + 1;
        cluster.submit();
        ASSERT_TRUE(
            cluster.run_until([&] { return cluster.lowest_height(nodes) >= target; }, seconds{10}));
    }
}

TEST(CatchUp, replica_100_blocks_behind_returns_and_votes) {
    Cluster cluster({.delay = milliseconds{20}, .payments = 103});
    cluster.crash(3);
    decide(cluster, {0, 1, 2}, 100);
    cluster.start(3);
    cluster.connect();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.height(3) == 100; }, seconds{2}));
    cluster.crash(2);  // now its vote is needed
    decide(cluster, {0, 1, 3}, 3);
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(CatchUp, replica_that_is_behind_does_not_vote) {
    Cluster cluster({.delay = milliseconds{20}});
    cluster.run_for(seconds{1});
    cluster.partition({{0, 1, 2}});
    decide(cluster, {0, 1, 2}, 3);
    // It learns of height 3 from a status, but cannot get the blocks.
    const FinalPoint third{3, cluster.tip(0).hash, cluster.tip(0).seal};
    cluster.clear_sent();
    cluster.inject(3, 0, cluster.status_message(0, third));
    EXPECT_EQ(cluster.info(3, "phase"), "\"catching up\"");
    EXPECT_EQ(cluster.info(3, "certified_height"), "3");
    cluster.inject(3, 0, cluster.pre_prepare_message(0, 1, *cluster.make_block(3, 1), 0));
    cluster.run_for(seconds{10});
    EXPECT_EQ(cluster.sent(MessageType::prepare), 0U);
    EXPECT_EQ(cluster.view(3), 0U);  // and does not reproach the primary with it
    cluster.partition({});
    ASSERT_TRUE(cluster.run_until([&] { return cluster.height(3) == 3; }, seconds{2}));
}

TEST(CatchUp, peer_that_does_not_deliver_cannot_keep_a_replica_back) {
    Cluster cluster({.delay = milliseconds{20}});
    cluster.run_for(seconds{1});
    cluster.partition({{0, 1, 2}});
    decide(cluster, {0, 1, 2}, 5);
    // 0 only talks, 1 delivers.
    cluster.partition({{1, 3}});
    const FinalPoint fifth{5, cluster.tip(0).hash, cluster.tip(0).seal};
    for (int i = 0; i < 5; ++i) {
        cluster.inject(3, 0, cluster.status_message(0, fifth));
        cluster.run_for(milliseconds{200});
    }
    EXPECT_TRUE(cluster.run_until([&] { return cluster.height(3) == 5; }, seconds{3}));
}

TEST(CatchUp, lost_commits_are_repaired_without_a_view_change) {
    Cluster cluster({.delay = milliseconds{20}});
    cluster.run_for(seconds{1});
    bool lossy = true;
    cluster.filter = [&](Node, Node to, ByteSpan message) {
        return !lossy || to != 2 || message[1] != static_cast<uint8_t>(MessageType::commit);
    };
    cluster.submit();
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({0, 1, 3}) == 1;
        },
        seconds{1}));
    EXPECT_EQ(cluster.height(2), 0U);
    ASSERT_TRUE(cluster.run_until([&] { return cluster.height(2) == 1; }, seconds{2}));
    EXPECT_EQ(cluster.view(2), 0U);
    EXPECT_EQ(cluster.view(0), 0U);
}

TEST(CatchUp, partial_mesh_is_bridged_by_those_who_hear_both) {
    // 0 and 1 never hear each other, neither do 2 and 3: statuses carry their votes around.
    Cluster cluster({.delay = milliseconds{20}});
    cluster.filter = [](Node from, Node to, ByteSpan) { return (from / 2 != to / 2); };
    for (size_t height = 1; height <= 3; ++height) {
        cluster.submit();
        ASSERT_TRUE(
            cluster.run_until([&] { return cluster.lowest_height(kAll) == height; }, seconds{10}))
            << height;
    }
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(CatchUp, observer_follows_by_seals_and_never_votes) {
    Cluster cluster({.extra = {kObserver}, .delay = milliseconds{20}});
    EXPECT_EQ(cluster.info(4, "role"), "\"observer\"");
    EXPECT_EQ(cluster.info(4, "validator"), "null");
    cluster.run_for(seconds{1});
    cluster.filter = [&](Node from, Node, ByteSpan message) {
        EXPECT_TRUE(from != 4 || message[1] == static_cast<uint8_t>(MessageType::status));
        return true;
    };
    decide(cluster, kAll, 5);
    EXPECT_EQ(cluster.height(4), 0U);  // in a cluster blocks travel only when they are asked for
    cluster.run_for(seconds{31});      // one idle status
    EXPECT_EQ(cluster.height(4), 5U);
    EXPECT_THAT(cluster.records(4), IsEmpty());
    EXPECT_EQ(cluster.info(4, "phase"), "\"following\"");
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(CatchUp, replica_that_lost_its_last_blocks_does_not_vote_on_them_again) {
    Cluster cluster({.delay = milliseconds{20}, .write_time = milliseconds{5}});
    cluster.run_for(seconds{1});
    decide(cluster, kAll, 3);
    cluster.run_for(seconds{1});
    // Its chain is put back to the genesis block, its vote record is not.
    cluster.partition({{0, 1, 2}});
    cluster.crash(3);
    cluster.forget_chain(3);
    cluster.clear_sent();
    cluster.start(3);
    cluster.connect();
    EXPECT_EQ(cluster.height(3), 0U);
    cluster.inject(3, 0, cluster.pre_prepare_message(0, 1, *cluster.make_block(3, 1), 0));
    // Neither does it leave the view: its view-change could not prove what it committed to.
    cluster.submit({3});
    cluster.run_for(seconds{10});
    EXPECT_EQ(cluster.sent(MessageType::prepare), 0U);
    EXPECT_EQ(cluster.sent(MessageType::view_change), 0U);
    cluster.partition({});
    ASSERT_TRUE(cluster.run_until([&] { return cluster.height(3) == 3; }, seconds{40}));
    cluster.submit();
    cluster.crash(0);
    decide(cluster, {1, 2, 3}, 1);
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

}  // namespace
}  // namespace parley::pbft::testing
