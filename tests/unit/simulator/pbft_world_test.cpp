// Whole nodes with PBFT in one world: they order transactions, survive crashes and partitions, and
// never finalise two blocks at a height.
#include <gtest/gtest.h>

#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

constexpr Duration kDelay = milliseconds{100};
constexpr Duration kSync = milliseconds{1};

/// Validators in a mesh, followers at two validators each; watched by a checker from the start.
class PbftWorld {
 public:
    PbftWorld(uint64_t seed, size_t validators, size_t followers, size_t coins)
        : purse_(coins),
          validators_(purse_.params(), validators),
          world_({.seed = seed, .latency = LatencyTable::uniform(kDelay), .sync_delay = kSync}) {
        checker_.watch(world_);
        for (size_t i = 0; i < validators; ++i) world_.add_node(validators_.validator(i));
        world_.connect_mesh();
        for (size_t i = 0; i < followers; ++i) {
            const NodeIndex follower = world_.add_node(validators_.follower());
            world_.connect(follower, i % validators);
            world_.connect(follower, (i + 1) % validators);
        }
        world_.run_for(seconds{5});  // handshakes
    }

    World& operator*() { return world_; }
    World* operator->() { return &world_; }
    const Purse& purse() const { return purse_; }
    const Validators& validators() const { return validators_; }
    const SafetyChecker& checker() const { return checker_; }

    /// Sends each payment of [first, last) to a node in turn, a second apart.
    void pay(size_t first, size_t last, const std::vector<NodeIndex>& nodes) {
        for (size_t i = first; i < last; ++i) {
            ASSERT_EQ(submit(world_, nodes[i % nodes.size()], purse_.pay(i)), "");
            world_.run_for(seconds{1});
        }
    }
    bool all_confirmed(size_t first, size_t last, const std::vector<NodeIndex>& nodes) {
        for (const NodeIndex node : nodes) {
            for (size_t i = first; i < last; ++i) {
                if (!confirmed(world_, node, purse_.pay(i))) return false;
            }
        }
        return true;
    }
    std::vector<NodeIndex> all() const {
        std::vector<NodeIndex> nodes;
        for (NodeIndex index = 0; index < world_.size(); ++index) nodes.push_back(index);
        return nodes;
    }
    void expect_final_tips() {
        for (NodeIndex index = 0; index < world_.size(); ++index) {
            if (!world_.running(index)) continue;
            EXPECT_EQ(world_.node(index).chain().index().finalized().hash, tip(world_, index).hash);
        }
    }
    void expect_safe() {
        SafetyChecker coins;
        coins.check_coins(world_);
        EXPECT_EQ(text(coins) + text(checker_), "");
    }

 private:
    Purse purse_;
    Validators validators_;
    SafetyChecker checker_;
    World world_;
};

/// (validators, followers)
class PbftSizes : public testing::TestWithParam<std::pair<size_t, size_t>> {};

TEST_P(PbftSizes, submitted_transactions_are_ordered_everywhere) {
    const auto [validators, followers] = GetParam();
    const size_t payments = static_cast<size_t>(scaled(12, 4));
    PbftWorld world(31, validators, followers, payments);
    world.pay(0, payments, world.all());
    ASSERT_TRUE(world->run_until([&] { return world.all_confirmed(0, payments, world.all()); },
                                 seconds{30}, milliseconds{100}));
    world->run_for(seconds{2});
    EXPECT_TRUE(one_tip(*world));
    EXPECT_GE(height(*world, 0), static_cast<int32_t>(payments / 2));
    EXPECT_EQ(world->node(0).engine().finality(), Finality::absolute);
    world.expect_final_tips();
    world.expect_safe();
}

INSTANTIATE_TEST_SUITE_P(Pbft, PbftSizes,
                         testing::Values(std::pair<size_t, size_t>{4, 0},
                                         std::pair<size_t, size_t>{7, 0},
                                         std::pair<size_t, size_t>{4, 46},
                                         std::pair<size_t, size_t>{7, 43}),
                         [](const auto& given) {
                             return std::to_string(given.param.first) + "_validators_" +
                                    std::to_string(given.param.second) + "_followers";
                         });

// Castro & Liskov, figure 1: pre-prepare, prepare, commit. The replicas hold the commit quorum
// after three delays and three durable writes.
TEST(PbftWorld, decision_takes_three_delays_and_three_writes) {
    for (const size_t n : {4u, 7u, 10u}) {
        PbftWorld world(32, n, 0, 1);
        const uint64_t before = world->sent_by_command().contains("engine")
                                    ? world->sent_by_command().at("engine").messages
                                    : 0;
        const TimePoint sent = world->now();
        ASSERT_EQ(submit(*world, 0, world.purse().pay(0)), "");  // the primary of view 0
        ASSERT_TRUE(world->run_until([&] { return all_reached(*world, 1); }, seconds{2}));
        EXPECT_EQ(world->now() - sent, 3 * kDelay + 3 * kSync) << n << " validators";
        const uint64_t messages = world->sent_by_command().at("engine").messages - before;
        EXPECT_EQ(messages, 2 * n * (n - 1));
        EXPECT_EQ(tip(*world, 0).height, Height{1});
    }
}

TEST(PbftWorld, pong_to_a_bystander_does_not_wait_for_the_sync_of_a_vote) {
    const Purse purse(1);
    constexpr Duration kLongSync = seconds{5};
    World world({.seed = 44, .latency = LatencyTable::uniform(kDelay), .sync_delay = kLongSync});
    Validators validators(purse.params(), 4);
    for (size_t i = 0; i < 4; ++i) world.add_node(validators.validator(i));
    world.connect_mesh();
    // One that does not speak the engine's protocol: nothing that it is sent waits for a vote.
    NodeSpec stranger = validators.follower();
    stranger.config.net.services &= ~kServiceParley;
    const NodeIndex bystander = world.add_node(std::move(stranger));
    world.connect(bystander, 0);
    world.run_for(seconds{30});
    const auto engine_messages = [&] { return world.sent_by_command().at("engine").messages; };
    const uint64_t before = engine_messages();
    ASSERT_EQ(submit(world, 0, purse.pay(0)), "");
    world.run_for(milliseconds{10});
    world.invoke(bystander, [](Node& node) {
        node.command_peers([](PeerManager& peers, NetTime now) { peers.ping_all(now); });
    });
    world.run_for(seconds{1});
    const auto peers = world.node(bystander).peers().peer_infos(world.now());
    ASSERT_EQ(peers.size(), 1u);
    EXPECT_EQ(peers[0].ping_wait, std::nullopt) << "the pong is there";
    EXPECT_EQ(peers[0].ping_time, 2 * kDelay);
    EXPECT_EQ(engine_messages(), before) << "the pre-prepare waits for its record";
    world.run_for(kLongSync);
    EXPECT_GT(engine_messages(), before);
    ASSERT_TRUE(world.run_until([&] { return height(world, 0) == 1; }, minutes{5}));
}

TEST(PbftWorld, silent_primary_is_replaced_within_timer_and_four_delays) {
    PbftWorld world(33, 4, 0, 2);
    const Duration timer = world.validators().options().base_timeout;
    world->crash(0);
    const TimePoint sent = world->now();
    for (const NodeIndex node : {1u, 2u, 3u})
        ASSERT_EQ(submit(*world, node, world.purse().pay(0)), "");
    ASSERT_TRUE(world->run_until([&] { return all_reached(*world, 1); }, seconds{10}));
    // View-change, new-view with the pre-prepare behind it, prepare, commit: five hops, of which
    // the pre-prepare's is the new-view's. Each is signed, so each waits for a write.
    EXPECT_LE(world->now() - sent, timer + 4 * kDelay + 5 * kSync);
    EXPECT_GE(world->now() - sent, timer);
    ASSERT_EQ(submit(*world, 2, world.purse().pay(1)), "");
    const TimePoint again = world->now();
    ASSERT_TRUE(world->run_until([&] { return all_reached(*world, 2); }, seconds{10}));
    // The new view remains, so later decisions do not wait for the crashed node.
    EXPECT_LT(world->now() - again, timer);
    world.expect_final_tips();
    world.expect_safe();
}

TEST(PbftWorld, crashed_replica_catches_up_by_certificates) {
    PbftWorld world(34, 4, 1, 12);
    const std::vector<NodeIndex> others{0, 1, 3, 4};
    world.pay(0, 3, world.all());
    ASSERT_TRUE(
        world->run_until([&] { return world.all_confirmed(0, 3, world.all()); }, seconds{10}));
    world->crash(2);
    world.pay(3, 9, others);
    ASSERT_TRUE(world->run_until([&] { return world.all_confirmed(3, 9, others); }, seconds{10}));
    const int32_t missed = height(*world, 0);
    world->restart(2);
    EXPECT_LT(height(*world, 2), missed);
    ASSERT_TRUE(world->run_until([&] { return one_tip(*world); }, seconds{90}));
    EXPECT_GE(height(*world, 2), missed);
    EXPECT_FALSE(tip(*world, 2).seal.empty());
    world.pay(9, 12, world.all());
    ASSERT_TRUE(
        world->run_until([&] { return world.all_confirmed(0, 12, world.all()); }, seconds{10}));
    world.expect_final_tips();
    world.expect_safe();
}

TEST(PbftWorld, partition_of_two_and_two_commits_nothing_and_resumes) {
    PbftWorld world(35, 4, 0, 6);
    world.pay(0, 2, world.all());
    ASSERT_TRUE(
        world->run_until([&] { return world.all_confirmed(0, 2, world.all()); }, seconds{10}));
    world->run_for(seconds{1});
    const int32_t before = height(*world, 0);
    world->partition({{0, 1}, {2, 3}});
    world.pay(2, 6, world.all());
    world->run_for(minutes{2});
    for (const NodeIndex node : world.all()) EXPECT_EQ(height(*world, node), before);
    world->heal();
    ASSERT_TRUE(
        world->run_until([&] { return world.all_confirmed(0, 6, world.all()); }, minutes{3}));
    world->run_for(seconds{5});
    EXPECT_TRUE(one_tip(*world));
    world.expect_final_tips();
    world.expect_safe();
}

TEST(PbftWorld, partition_of_three_and_one_leaves_the_one_behind) {
    PbftWorld world(36, 4, 0, 8);
    world.pay(0, 1, world.all());
    ASSERT_TRUE(
        world->run_until([&] { return world.all_confirmed(0, 1, world.all()); }, seconds{10}));
    world->run_for(seconds{1});
    const int32_t before = height(*world, 3);
    world->partition({{0, 1, 2}, {3}});
    const std::vector<NodeIndex> majority{0, 1, 2};
    world.pay(1, 5, majority);
    ASSERT_EQ(submit(*world, 3, world.purse().pay(5)), "");
    ASSERT_TRUE(world->run_until([&] { return world.all_confirmed(1, 5, majority); }, minutes{1}));
    world->run_for(minutes{1});
    EXPECT_EQ(height(*world, 3), before);
    world->heal();
    ASSERT_TRUE(
        world->run_until([&] { return world.all_confirmed(0, 6, world.all()); }, minutes{3}));
    world->run_for(seconds{5});
    EXPECT_TRUE(one_tip(*world));
    world.expect_final_tips();
    world.expect_safe();
}

TEST(PbftWorld, follower_far_behind_catches_up_by_seals) {
    const Purse purse(1);
    World world({.seed = 38, .latency = LatencyTable::uniform(milliseconds{10})});
    Validators validators(purse.params(), 4);
    SafetyChecker checker;
    checker.watch(world);
    // Empty blocks, so that many heights take little time.
    validators.options().empty_block_period = seconds{2};
    for (size_t i = 0; i < 4; ++i) world.add_node(validators.validator(i));
    world.connect_mesh();
    const int blocks = scaled(300, 60);
    ASSERT_TRUE(world.run_until([&] { return all_reached(world, blocks); }, hours{2}));
    const NodeIndex late = world.add_node(validators.follower());
    world.connect(late, 1);
    world.connect(late, 2);
    ASSERT_TRUE(world.run_until([&] { return height(world, late) >= blocks; }, minutes{2}));
    ASSERT_TRUE(world.run_until([&] { return one_tip(world); }, minutes{1}));
    EXPECT_EQ(world.node(late).chain().index().finalized().hash, tip(world, late).hash);
    EXPECT_EQ(text(checker), "");
}

TEST(PbftWorld, follower_that_crashes_in_the_middle_of_catching_up_goes_on) {
    const Purse purse(1);
    World world({.seed = 39, .latency = LatencyTable::uniform(milliseconds{10})});
    Validators validators(purse.params(), 4);
    validators.options().empty_block_period = seconds{2};
    for (size_t i = 0; i < 4; ++i) world.add_node(validators.validator(i));
    world.connect_mesh();
    ASSERT_TRUE(world.run_until([&] { return all_reached(world, 100); }, hours{1}));
    NodeSpec slow = validators.follower();
    slow.config.chain.activation_step_blocks = 4;
    const NodeIndex late = world.add_node(std::move(slow));
    world.connect(late, 1);
    int32_t seen = 0;
    for (int crashes = 0; crashes < 8; ++crashes) {
        // The event that brings the next block is the one after which the node is gone.
        ASSERT_TRUE(world.run_until([&] { return height(world, late) > seen; }, minutes{5}));
        world.crash(late);
        world.restart(late);
        EXPECT_GT(height(world, late), seen);
        seen = height(world, late);
    }
    ASSERT_TRUE(world.run_until([&] { return one_tip(world); }, minutes{5}));
    EXPECT_GE(height(world, late), 100);
    EXPECT_EQ(world.node(late).chain().index().finalized().hash, tip(world, late).hash);
}

// The negative control of the checker, end to end: two of four validators lose their disks, which
// is more than f faults, and sign twice. A world in which this stayed unseen would prove nothing.
TEST(PbftWorld, two_amnesiac_validators_of_four_let_the_checker_fire) {
    PbftWorld world(43, 4, 0, 2);
    world->partition({{0, 1, 2}, {3}});
    ASSERT_EQ(submit(*world, 0, world.purse().pay(0)), "");
    ASSERT_TRUE(world->run_until([&] { return height(*world, 0) == 1; }, seconds{10}));
    world->run_for(seconds{5});
    ASSERT_EQ(text(world.checker()), "");
    for (const NodeIndex node : {1u, 2u}) {
        world->crash(node);
        world->wipe(node);
    }
    world->partition({{0}, {1, 2, 3}});
    for (const NodeIndex node : {1u, 2u}) world->restart(node);
    world->run_for(minutes{2});
    ASSERT_EQ(submit(*world, 1, world.purse().pay(1)), "");
    ASSERT_TRUE(world->run_until([&] { return height(*world, 3) == 1; }, minutes{3}));
    ASSERT_NE(tip(*world, 0).hash, tip(*world, 3).hash);
    EXPECT_NE(text(world.checker()).find("finalised different blocks at height 1"),
              std::string::npos)
        << text(world.checker());
}

TEST(PbftWorld, equal_seeds_give_equal_digests) {
    const auto digest_of = [](uint64_t seed) {
        PbftWorld world(seed, 4, 2, 4);
        world.pay(0, 2, world.all());
        world->crash(0);
        world.pay(2, 4, {1, 2, 3});
        world->run_for(seconds{5});
        world->restart(0);
        world->run_for(minutes{2});
        return world->digest();
    };
    const Hash256 first = digest_of(41);
    EXPECT_EQ(first, digest_of(41));
    EXPECT_NE(first, digest_of(42));
}

}  // namespace
}  // namespace parley::sim
