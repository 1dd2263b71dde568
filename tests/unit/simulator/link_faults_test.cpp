// Links that lose, queue, stall and break, tested with two nodes; and the random draws of these
// faults.
#include "node/simulator/link_faults.h"

#include <gtest/gtest.h>

#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

using Fate = FaultyLinks::Passage::Fate;

/// Node 0 mines on demand, node 1 listens; node 0 dialled.
struct Pair {
    explicit Pair(WorldOptions options) : purse(40), world(std::move(options)) {
        world.add_node(pow_node(purse.params(), 0));
        world.add_node(pow_node(purse.params(), 0));
        world.connect(0, 1);
    }
    /// Connections of a node.
    size_t peers(NodeIndex index) {
        const PeerManager& all = world.node(index).peers();
        return all.peer_count(true) + all.peer_count(false);
    }
    bool connected() { return peers(0) > 0 && peers(1) > 0; }
    void mine() {
        world.invoke(0, [](Node& node) { node.set_automine(*parse_automine("0.001")); });
        const int32_t before = height(world, 0);
        ASSERT_TRUE(world.run_until([&] { return height(world, 0) > before; }, seconds{1}));
        world.invoke(0, [](Node& node) { node.set_automine({}); });
    }
    bool arrives(int32_t block, Duration limit) {
        return world.run_until([&] { return height(world, 1) >= block; }, limit);
    }
    uint64_t handshakes() { return world.sent_by_command().at("version").messages / 2; }

    Purse purse;
    World world;
};

TEST(FaultyLinks, without_faults_nothing_is_asked) {
    FaultyLinks links(1, {});
    EXPECT_FALSE(links.active());
    links.set(0, 1, {.loss_ppm = 1});
    EXPECT_TRUE(links.active());
}

TEST(FaultyLinks, lost_segments_cost_timeouts_that_double_until_the_sender_gives_up) {
    FaultyLinks links(1, {.loss_ppm = 500'000});
    const TimePoint now = from_unix_seconds(1);
    std::map<Duration, int> seen;
    for (int i = 0; i < 4000; ++i) ++seen[links.pass(0, 1, 1, now).earliest - now];
    EXPECT_NEAR(seen[milliseconds{0}], 2000, 200);
    EXPECT_NEAR(seen[milliseconds{200}], 1000, 150);
    EXPECT_NEAR(seen[milliseconds{600}], 500, 100);
    EXPECT_NEAR(seen[milliseconds{1400}], 250, 80);
    // Of many segments, the one that needs most counts.
    Duration sum{0};
    for (int i = 0; i < 100; ++i) sum += links.pass(0, 1, 100 * kSegmentBytes, now).earliest - now;
    EXPECT_GT(sum / 100, seconds{6});

    links.set({.loss_ppm = 1'000'000});
    const auto dead = links.pass(0, 1, 1, now);
    EXPECT_EQ(dead.fate, Fate::timed_out);
    EXPECT_EQ(dead.sent - now, milliseconds{924'600});  // as Linux documents tcp_retries2 = 15
}

TEST(FaultyLinks, bandwidth_queues_at_the_sender_in_one_direction) {
    FaultyLinks links(1, {.bytes_per_second = 1000});
    const TimePoint now = from_unix_seconds(1);
    EXPECT_EQ(links.pass(0, 1, 500, now).sent - now, milliseconds{500});
    EXPECT_EQ(links.pass(0, 1, 500, now).earliest - now, seconds{1});
    EXPECT_EQ(links.pass(1, 0, 500, now).earliest - now, milliseconds{500});
    EXPECT_EQ(links.pass(0, 1, 500, now + seconds{9}).sent - now, milliseconds{9500});
}

TEST(FaultyLinks, faults_of_one_link_replace_those_of_all) {
    FaultyLinks links(1, {.reset_ppm = 1'000'000});
    links.set(0, 1, {});
    EXPECT_EQ(links.pass(0, 1, 1, {}).fate, Fate::arrives);
    EXPECT_EQ(links.pass(1, 0, 1, {}).fate, Fate::reset);
}

TEST(LinkFaults, clogged_direction_delivers_later_and_in_order) {
    Pair pair({});
    pair.world.run_for(seconds{10});
    pair.world.clog(0, 1, seconds{30});
    const TimePoint begin = pair.world.now();
    for (int i = 0; i < 3; ++i) pair.mine();
    ASSERT_TRUE(pair.arrives(1, minutes{1}));
    EXPECT_GE(pair.world.now() - begin, seconds{30});
    ASSERT_TRUE(pair.arrives(3, seconds{5}));
    EXPECT_EQ(pair.handshakes(), 1u) << "the stream did not suffer";
    pair.mine();
    const TimePoint found = pair.world.now();
    ASSERT_TRUE(pair.arrives(4, seconds{5}));
    EXPECT_LT(pair.world.now() - found, seconds{1});
}

TEST(LinkFaults, loss_delays_and_never_damages) {
    Pair pair({.link_faults = {.loss_ppm = 200'000}});
    ASSERT_TRUE(pair.world.run_until([&] { return pair.connected(); }, minutes{10}));
    Duration most{0};
    for (int32_t block = 1; block <= 30; ++block) {
        pair.mine();
        const TimePoint found = pair.world.now();
        ASSERT_TRUE(pair.arrives(block, minutes{10}));
        most = std::max(most, pair.world.now() - found);
    }
    EXPECT_GE(most, milliseconds{300}) << "one retransmission at least";
    EXPECT_EQ(pair.peers(1), 1u);
}

TEST(LinkFaults, connection_over_a_link_that_loses_everything_times_out_and_is_made_again) {
    Pair pair({});
    pair.world.run_for(seconds{10});
    pair.world.set_link_faults(0, 1, {.loss_ppm = 1'000'000});
    pair.mine();
    pair.world.run_for(minutes{30});
    EXPECT_EQ(height(pair.world, 1), 0);
    EXPECT_EQ(pair.peers(0), 0u);
    EXPECT_EQ(pair.handshakes(), 1u) << "a dial has no way, either";
    pair.world.set_link_faults(0, 1, {});
    EXPECT_TRUE(pair.arrives(1, minutes{5}));
    EXPECT_EQ(pair.handshakes(), 2u);
}

TEST(LinkFaults, narrow_link_takes_as_long_as_its_bytes) {
    Pair pair({});
    for (size_t i = 0; i < 20; ++i) ASSERT_EQ(submit(pair.world, 0, pair.purse.pay(i)), "");
    pair.world.run_for(seconds{10});
    pair.world.set_link_faults(0, 1, {.bytes_per_second = 100});
    const uint64_t before = pair.world.sent(0).bytes;
    pair.mine();
    const TimePoint found = pair.world.now();
    ASSERT_TRUE(pair.arrives(1, minutes{10}));
    const double seconds_taken =
        static_cast<double>((pair.world.now() - found) / milliseconds{1}) / 1000;
    const auto sent = static_cast<double>(pair.world.sent(0).bytes - before);
    EXPECT_GE(seconds_taken, 1.0);
    EXPECT_LE(seconds_taken, sent / 100 + 2) << "a few delays of the link beside it";
    EXPECT_GE(seconds_taken, sent / 100 - 5) << "small messages behind the block have not arrived";
}

TEST(LinkFaults, reset_connections_are_made_again) {
    Pair pair({});
    pair.world.run_for(seconds{10});
    pair.world.reset_connections(1, 0);
    pair.world.run_for(milliseconds{110});  // one delay until node 0 is notified
    EXPECT_EQ(pair.peers(1), 0u);
    pair.mine();
    EXPECT_TRUE(pair.arrives(1, minutes{3}));
    EXPECT_EQ(pair.handshakes(), 2u);

    pair.world.set_link_faults({.reset_ppm = 1'000'000});
    pair.mine();
    pair.world.run_for(minutes{2});
    EXPECT_EQ(height(pair.world, 1), 1) << "every first message breaks its connection";
    pair.world.set_link_faults({});
    EXPECT_TRUE(pair.arrives(2, minutes{5}));
}

TEST(LinkFaults, duplicate_of_a_dial_is_a_connection_that_ends) {
    Pair pair({.link_faults = {.duplicate_dial_ppm = 1'000'000}});
    size_t most = 0;
    pair.world.observe([&](NodeIndex index) {
        if (index == 1) most = std::max(most, pair.peers(1));
    });
    pair.world.run_for(seconds{10});
    EXPECT_EQ(most, 2u);
    EXPECT_EQ(pair.peers(1), 1u);
    pair.mine();
    EXPECT_TRUE(pair.arrives(1, seconds{5}));
}

TEST(LinkFaults, connections_take_paths_of_their_own) {
    std::set<Duration> delays;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        Pair pair({.seed = seed, .link_faults = {.path_spread_max = seconds{2}}});
        ASSERT_TRUE(pair.world.run_until([&] { return pair.connected(); }, minutes{10}));
        pair.world.run_for(seconds{10});
        for (int32_t block = 1; block <= 2; ++block) {
            pair.mine();
            const TimePoint found = pair.world.now();
            ASSERT_TRUE(pair.arrives(block, minutes{1}));
            delays.insert(pair.world.now() - found);
        }
    }
    EXPECT_EQ(delays.size(), 10u) << "one for each connection, and it stays";
    EXPECT_GT(*delays.rbegin() - *delays.begin(), milliseconds{500});
}

TEST(LinkFaults, plan_acts_at_its_times_and_equal_seeds_give_equal_digests) {
    std::vector<Hash256> digests;
    for (const uint64_t seed : {1, 1, 2}) {
        Pair pair({.seed = seed,
                   .jitter_max = milliseconds{50},
                   .link_faults = {.loss_ppm = 50'000,
                                   .bytes_per_second = 5'000,
                                   .reset_ppm = 10'000,
                                   .path_spread_max = milliseconds{300},
                                   .duplicate_dial_ppm = 200'000}});
        const TimePoint begin = pair.world.now();
        std::vector<Duration> acted;
        for (const int at : {40, 20}) {
            pair.world.at(begin + seconds{at}, [&, begin] {
                acted.push_back(pair.world.now() - begin);
                pair.world.clog(0, 1, seconds{3});
                pair.world.reset_connections(0, 1);
            });
        }
        for (size_t i = 0; i < 20; ++i) {
            submit(pair.world, 0, pair.purse.pay(i));
            pair.world.run_for(seconds{5});
        }
        EXPECT_EQ(acted, (std::vector<Duration>{seconds{20}, seconds{40}}));
        digests.push_back(pair.world.digest());
    }
    EXPECT_EQ(digests[0], digests[1]);
    EXPECT_NE(digests[0], digests[2]);
}

}  // namespace
}  // namespace parley::sim
