// Scripted peers, messages handed over at will, crashes at a commit, and observers of a world.
#include "node/simulator/scripted_peer.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "net/wire/messages.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

constexpr Duration kOneWay = milliseconds{100};
constexpr std::string_view kEngine = message::kEngineCommand;

/// Three validators of four, connected with a script in place of the last.
struct ScriptedWorld {
    ScriptedWorld() {
        for (size_t i = 0; i < 3; ++i) world.add_node(validators.validator(i));
        peer = world.add_scripted_peer(validators.validator(3),
                                       [this](NodeIndex from, std::string_view command, ByteSpan) {
                                           heard.emplace(from, std::string(command));
                                       });
        world.connect_mesh();
        world.run_for(seconds{2});
    }
    bool has_peer(NodeIndex node) const {
        for (const PeerInfo& info : world.node(node).peers().peer_infos(world.now())) {
            if (info.user_agent == "/scripted/") return info.handshake_done;
        }
        return false;
    }

    Purse purse{1};
    Validators validators{purse.params(), 4};
    std::set<std::pair<NodeIndex, std::string>> heard;
    World world{{.latency = LatencyTable::uniform(kOneWay)}};
    NodeIndex peer = 0;
};

TEST(ScriptedPeer, nodes_take_it_for_a_parley_node) {
    ScriptedWorld test;
    for (const NodeIndex node : {0U, 1U, 2U}) {
        EXPECT_TRUE(test.world.connected(node, test.peer));
        EXPECT_TRUE(test.has_peer(node));
        EXPECT_TRUE(test.heard.contains({node, std::string(kEngine)})) << "the first status";
        EXPECT_FALSE(test.heard.contains({node, "version"}));
    }
    EXPECT_FALSE(test.world.running(test.peer));
    // Pings are answered, so the connections outlive the patience for them.
    test.world.run_for(hours{1});
    for (const NodeIndex node : {0U, 1U, 2U}) EXPECT_TRUE(test.has_peer(node));
}

TEST(ScriptedPeer, what_it_says_takes_the_link_and_what_is_handed_over_does_not) {
    ScriptedWorld test;
    const auto connected = [&](NodeIndex node) { return test.world.connected(node, test.peer); };
    const Bytes garbage{1, 2, 3};
    ASSERT_TRUE(test.world.say(test.peer, 0, kEngine, garbage));
    test.world.run_for(kOneWay - Duration{1});
    EXPECT_TRUE(connected(0));
    test.world.run_for(Duration{1});
    EXPECT_FALSE(connected(0)) << "the node has heard it, and drops the peer";
    EXPECT_FALSE(test.world.hand_over(test.peer, 0, kEngine, garbage));
    ASSERT_TRUE(test.world.hand_over(test.peer, 1, kEngine, garbage));
    EXPECT_FALSE(test.has_peer(1)) << "at once";
    // The nodes dial it again.
    test.world.run_for(seconds{5});
    EXPECT_TRUE(test.has_peer(0));
    EXPECT_TRUE(test.has_peer(1));
    EXPECT_TRUE(test.world.say(test.peer, 0, kEngine, garbage));
}

TEST(ScriptedPeer, cannot_speak_to_a_node_that_is_gone) {
    ScriptedWorld test;
    test.world.crash(0);
    test.world.run_for(seconds{1});
    EXPECT_FALSE(test.world.say(test.peer, 0, kEngine, {}));
    test.world.restart(0);
    test.world.run_for(seconds{5});
    EXPECT_TRUE(test.has_peer(0));
}

TEST(ScriptedPeer, script_may_answer_and_equal_worlds_have_equal_digests) {
    const auto digest = [](bool answers) {
        const Purse purse(1);
        const Validators validators(purse.params(), 4);
        World world({.latency = LatencyTable::uniform(kOneWay)});
        world.add_node(validators.validator(0));
        size_t answered = 0;
        const MessageHandler handler = [&](NodeIndex from, std::string_view command,
                                           ByteSpan payload) {
            if (!answers || command != kEngine || ++answered > 1) return;
            EXPECT_TRUE(world.say(1, from, kEngine, payload));
        };
        world.add_scripted_peer(validators.validator(1), handler);
        world.connect_mesh();
        world.run_for(minutes{2});
        EXPECT_EQ(answered > 0, answers);
        return world.digest();
    };
    EXPECT_EQ(digest(true), digest(true));
    EXPECT_NE(digest(true), digest(false));
}

TEST(ScriptedPeer, two_of_them_have_no_connection) {
    const Purse purse(1);
    const Validators validators(purse.params(), 4);
    World world({});
    for (size_t i = 0; i < 2; ++i) world.add_scripted_peer(validators.validator(i));
    world.add_node(validators.validator(2));
    world.connect_mesh();
    world.run_for(seconds{2});
    EXPECT_FALSE(world.connected(0, 1));
    EXPECT_TRUE(world.connected(0, 2));
    EXPECT_TRUE(world.connected(1, 2));
}

/// The primary of four, about to sign its first proposal: its first synced commit.
struct SigningWorld {
    explicit SigningWorld(uint64_t seed)
        : world({.seed = seed,
                 .latency = LatencyTable::uniform(kOneWay),
                 .sync_delay = milliseconds{10}}) {
        for (size_t i = 0; i < 4; ++i) world.add_node(validators.validator(i));
        world.connect_mesh();
        world.run_for(seconds{5});
        before = engine_state();
        world.observe_messages([this](const PassingMessage& passing) {
            if (passing.from == 0 && passing.command == kEngine) ++sent;
        });
    }
    /// A validator has a record from its first start on.
    bool signed_something() { return engine_state() != before; }
    std::map<Bytes, Bytes> engine_state() {
        std::map<Bytes, Bytes> state;
        const auto scanned = world.disk(0).store("blocks").scan(
            Bytes{kEngineKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
                state.emplace(to_bytes(key), to_bytes(value));
                return true;
            });
        EXPECT_TRUE(scanned);
        return state;
    }

    Purse purse{1};
    Validators validators{purse.params(), 4};
    World world;
    size_t sent = 0;
    std::map<Bytes, Bytes> before;
};

TEST(CrashAtCommit, synced_one_is_on_the_disk_and_nothing_has_left) {
    for (const Crash how : {Crash::kill, Crash::power_cut}) {
        SigningWorld test(1);
        test.world.crash_at_commit(0, 1, CommitPoint::synced, how);
        EXPECT_EQ(submit(test.world, 0, test.purse.pay(0)), "");
        EXPECT_FALSE(test.world.running(0));
        EXPECT_EQ(test.world.power_cuts(0), how == Crash::power_cut ? 1U : 0U);
        EXPECT_TRUE(test.signed_something());
        test.world.run_for(seconds{1});
        EXPECT_EQ(test.sent, 0U);
        test.world.restart(0);
        EXPECT_TRUE(test.world.running(0));
    }
}

TEST(CrashAtCommit, unfinished_one_is_there_or_not_and_nothing_has_left) {
    size_t kept = 0;
    constexpr uint64_t kSeeds = 12;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SigningWorld test(seed);
        test.world.crash_at_commit(0, 1, CommitPoint::unfinished);
        EXPECT_EQ(submit(test.world, 0, test.purse.pay(0)), "");
        EXPECT_FALSE(test.world.running(0));
        EXPECT_EQ(test.sent, 0U);
        kept += test.signed_something() ? 1 : 0;
    }
    EXPECT_GT(kept, 0U);
    EXPECT_LT(kept, kSeeds);
}

TEST(CrashAtCommit, later_one_is_counted_and_an_order_can_be_withdrawn) {
    SigningWorld test(1);
    test.world.crash_at_commit(0, 2, CommitPoint::synced);
    EXPECT_EQ(submit(test.world, 0, test.purse.pay(0)), "");
    EXPECT_TRUE(test.world.running(0));
    ASSERT_TRUE(test.world.run_until([&] { return !test.world.running(0); }, seconds{5}));
    EXPECT_GT(test.sent, 0U) << "the first commit came through";

    SigningWorld other(1);
    other.world.crash_at_commit(0, 1, CommitPoint::synced);
    other.world.crash_at_commit(0, 0, CommitPoint::synced);
    EXPECT_EQ(submit(other.world, 0, other.purse.pay(0)), "");
    EXPECT_TRUE(other.world.running(0));
}

TEST(Observers, all_are_called_and_messages_are_seen_before_the_filter) {
    const Purse purse(1);
    World world({});
    for (int i = 0; i < 2; ++i) world.add_node(pow_node(purse.params(), 0));
    std::map<NodeIndex, int> first, second;
    world.observe([&](NodeIndex index) { ++first[index]; });
    world.observe([&](NodeIndex index) { ++second[index]; });
    size_t versions = 0;
    world.observe_messages(
        [&](const PassingMessage& passing) { versions += passing.command == "version" ? 1 : 0; });
    world.set_message_filter([](const PassingMessage&) { return std::vector<Duration>{}; });
    world.connect(0, 1);
    world.run_for(seconds{1});
    EXPECT_GT(first[0], 0);
    EXPECT_GT(first[1], 0);
    EXPECT_EQ(first, second);
    EXPECT_EQ(versions, 1U);
    EXPECT_EQ(world.sent_by_command().at("version").messages, 1U);
}

}  // namespace
}  // namespace parley::sim
