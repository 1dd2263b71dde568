// Liveness: silent, slow, lying and crashed primaries; timers; joining; stalls and their end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "net/wire/messages.h"
#include "tests/unit/consensus/pbft/cluster.h"
#include "tests/unit/consensus/pbft/lone_replica.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::IsEmpty;

TEST(ViewChange, silent_primary_is_replaced_after_timer_and_four_delays) {
    Cluster cluster({.delay = milliseconds{100}});
    cluster.run_for(seconds{1});
    cluster.crash(0);
    cluster.run_for(seconds{1});
    cluster.clear_sent();
    const TimePoint begin = cluster.now();
    cluster.submit();
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({1, 2, 3}) == 1;
        },
        seconds{10}));
    EXPECT_EQ(cluster.now() - begin, seconds{2} + milliseconds{400});
    for (const Node node : {1U, 2U, 3U}) EXPECT_EQ(cluster.view(node), 1U);
    // From each of the three to the two others.
    EXPECT_EQ(cluster.sent(MessageType::view_change), 3U * 2U);
    EXPECT_EQ(cluster.sent(MessageType::new_view), 2U);
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, two_silent_primaries_cost_timer_then_twice_and_base_again_after) {
    Cluster cluster({.validators = 7, .delay = milliseconds{100}});
    cluster.run_for(seconds{1});
    cluster.crash(0);
    cluster.crash(1);
    const std::vector<Node> rest{2, 3, 4, 5, 6};
    TimePoint begin = cluster.now();
    cluster.submit();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(rest) == 1; }, seconds{20}));
    // T, one delay until a quorum wants view 1, 2 T, four delays.
    EXPECT_EQ(cluster.now() - begin,
              seconds{2} + milliseconds{100} + seconds{4} + milliseconds{400});
    for (const Node node : rest) EXPECT_EQ(cluster.view(node), 2U);

    cluster.crash(2);  // one more than f: nobody can go on
    cluster.start(0);
    cluster.start(1);
    cluster.connect();
    cluster.run_for(seconds{1});
    begin = cluster.now();
    cluster.submit();
    const std::vector<Node> now_up{0, 1, 3, 4, 5, 6};
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(now_up) == 2; }, seconds{20}));
    EXPECT_LE(cluster.now() - begin, seconds{2} + milliseconds{500});
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, timeout_doubles_up_to_its_cap) {
    Cluster cluster({.validators = 4, .delay = milliseconds{10}, .timeout_max = seconds{5}});
    // Every new-view is lost: view after view fails.
    cluster.filter = [](Node, Node, ByteSpan message) {
        return message[1] != static_cast<uint8_t>(MessageType::new_view) &&
               message[1] != static_cast<uint8_t>(MessageType::pre_prepare);
    };
    cluster.submit();
    // 2 + 4 + 5 + 5 + 5 ... seconds.
    cluster.run_for(seconds{2} + milliseconds{100});
    EXPECT_EQ(cluster.view(3), 1U);
    cluster.run_for(seconds{4});
    EXPECT_EQ(cluster.view(3), 2U);
    cluster.run_for(seconds{5});
    EXPECT_EQ(cluster.view(3), 3U);
    cluster.run_for(seconds{5});
    EXPECT_EQ(cluster.view(3), 4U);
    EXPECT_EQ(cluster.info(3, "timeout"), "5.000");
    cluster.filter = nullptr;
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{10}));
    cluster.run_for(seconds{1});
    EXPECT_EQ(cluster.info(3, "timeout"), "2.000");
    EXPECT_EQ(cluster.info(3, "unsuccessful_views"), "0");
}

TEST(ViewChange, complaint_of_one_never_changes_the_view) {
    Cluster cluster({});
    cluster.submit({3});  // only one knows the transaction, and nobody else expects a block
    cluster.run_for(seconds{30});
    for (const Node node : {0U, 1U, 2U}) EXPECT_EQ(cluster.view(node), 0U);
    EXPECT_EQ(cluster.view(3), 1U);
    EXPECT_EQ(cluster.info(3, "phase"), "\"view change\"");
    // The others go on without it, and it follows.
    cluster.submit();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{5}));
    cluster.run_for(seconds{1});
    EXPECT_THAT(cluster.info(0, "not_voting"), ::testing::StartsWith(R"([{"validator":3,)"));
    // It joins them again, because the block proves the view that they are in.
    for (const Node node : kAll) EXPECT_EQ(cluster.view(node), 0U);
    EXPECT_THAT(cluster.info(3, "last_view_changes"), ::testing::HasSubstr("was decided in it"));
    cluster.crash(2);
    cluster.submit({0, 1, 3});
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({0, 1, 3}) == 2;
        },
        milliseconds{900}));
    for (const Node node : {0U, 1U, 3U}) EXPECT_EQ(cluster.view(node), 0U);
    EXPECT_THAT(cluster.info(0, "not_voting"), ::testing::StartsWith(R"([{"validator":2,)"));
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, no_timer_stops_when_the_first_of_a_bare_quorum_moves_on) {
    // Validator 1, the next primary, is dead, and 0 is away at first. When it is back, exactly a
    // quorum waits for view 1; 2 knows that a while before 0 and 3 do, so its timer ends first.
    for (int64_t away_ms = 2200; away_ms <= 8200; away_ms += 500) {
        Cluster cluster({.delay = milliseconds{20}});
        cluster.run_for(seconds{1});
        cluster.crash(1);
        cluster.partition({{2, 3}});
        cluster.submit({0, 2, 3});
        cluster.run_for(milliseconds{away_ms});
        cluster.partition({});
        cluster.filter = [](Node, Node to, ByteSpan message) {
            return to == 2 || message[1] != static_cast<uint8_t>(MessageType::view_change);
        };
        cluster.run_for(milliseconds{1500});
        cluster.filter = nullptr;
        EXPECT_TRUE(cluster.run_until(
            [&] {
                return cluster.lowest_height({0, 2, 3}) == 1;
            },
            seconds{30}))
            << "0 was away for " << away_ms << " ms";
        EXPECT_THAT(cluster.violations(), IsEmpty());
    }
}

TEST(ViewChange, timer_that_is_read_much_too_late_starts_again_once) {
    LoneReplica replica(1);
    replica.demand(1);
    replica.pause(seconds{5});
    replica.run_for(milliseconds{1900});
    EXPECT_EQ(replica.view(), 0U);
    replica.run_for(milliseconds{200});
    EXPECT_EQ(replica.view(), 1U);
    // A process that always stands still is not to be waited for.
    LoneReplica slow(1);
    slow.demand(1);
    for (int pauses = 0; pauses < 2; ++pauses) {
        slow.pause(seconds{5});
        slow.run_for(milliseconds{1});
    }
    EXPECT_EQ(slow.view(), 1U);
}

TEST(ViewChange, chain_set_back_below_a_commit_whose_proof_is_gone_never_leaves_its_view) {
    // It committed to block 2, and dropped the certificate for it with its vote on block 3; then
    // the chain lost block 2.
    LoneReplica replica(1);
    replica.decide();
    replica.decide();
    ASSERT_EQ(replica.height(), 2U);
    replica.receive(0, replica.pre_prepare_message(0, 3, *replica.make_block(3), 0));
    ASSERT_EQ(replica.sent(MessageType::prepare), 3U);
    replica.restart_at(1);
    ASSERT_EQ(replica.info("height"), "2");
    replica.demand(1);
    replica.clear_sent();
    for (const size_t other : {2U, 3U}) {
        replica.receive(
            other, encode_view_change(replica.make_view_change(1, other, replica.final_point()),
                                      replica.network()));
    }
    replica.run_for(seconds{60});
    EXPECT_EQ(replica.sent(MessageType::view_change), 0U);
    EXPECT_EQ(replica.view(), 0U);
}

TEST(ViewChange, f_plus_one_complaints_are_joined) {
    Cluster cluster({});
    cluster.submit({2, 3});  // the primary does not know of it
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{20}));
    EXPECT_GT(cluster.view(0), 0U);
    EXPECT_THAT(cluster.info(0, "last_view_changes"), ::testing::HasSubstr("f + 1"));
}

TEST(ViewChange, prepared_block_is_proposed_again_by_the_new_primary) {
    Cluster cluster({.delay = milliseconds{100}});
    // Everybody prepares, nobody hears a commit of view 0.
    cluster.filter = [](Node, Node, ByteSpan message) {
        return message[1] != static_cast<uint8_t>(MessageType::commit) || message[6] != 0;
    };
    cluster.submit();
    cluster.run_for(milliseconds{500});
    const std::string proposal = cluster.info(2, "proposal");
    ASSERT_NE(proposal, "null");
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{10}));
    EXPECT_EQ("\"" + cluster.tip(2).hash.to_string() + "\"", proposal);
    EXPECT_EQ(cluster.view(2), 1U);
    EXPECT_EQ(decode_seal(cluster.tip(2).seal)->view, 1U);
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, new_primary_without_the_prepared_block_fetches_it) {
    Cluster cluster({.delay = milliseconds{50}});
    // Validator 1, the next primary, sees neither the proposal nor the commits of view 0.
    cluster.filter = [](Node, Node to, ByteSpan message) {
        const auto type = static_cast<MessageType>(message[1]);
        const bool first_view = message[6] == 0;
        if (type == MessageType::commit && first_view) return false;
        return to != 1 || type != MessageType::pre_prepare;
    };
    cluster.submit();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{10}));
    EXPECT_EQ(cluster.view(1), 1U);
    EXPECT_GT(cluster.sent(MessageType::fetch), 0U);
    EXPECT_GT(cluster.sent(MessageType::body), 0U);
    EXPECT_EQ(decode_seal(cluster.tip(1).seal)->view, 1U);
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, invalid_block_gets_no_prepare_and_changes_the_view) {
    Cluster cluster({.scripted = {0}});
    cluster.run_for(seconds{1});
    cluster.submit();
    // A coinbase of more than the subsidy, in a block that is well-formed otherwise.
    Block block = *cluster.make_block(1, 1);
    TransactionData coinbase = block.transactions[0]->data();
    coinbase.outputs[0].value = coinbase.outputs[0].value + Amount{1};
    block.transactions[0] = make_transaction(coinbase);
    block.header.merkle_root = block_merkle_root(block);
    for (const Node node : {1U, 2U, 3U}) {
        ASSERT_TRUE(cluster.world().say(0, node, message::kEngineCommand,
                                        cluster.pre_prepare_message(0, 1, block, 0)));
    }
    cluster.run_for(seconds{1});
    EXPECT_EQ(cluster.sent(MessageType::prepare), 0U);
    EXPECT_THAT(cluster.blames(1), ::testing::SizeIs(1));
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({1, 2, 3}) == 1;
        },
        seconds{10}));
    EXPECT_EQ(cluster.view(1), 1U);
    EXPECT_NE(cluster.tip(1).hash, block.header.hash());  // it is the next primary's
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, f_plus_one_crashed_stalls_until_one_restarts) {
    Cluster cluster({.delay = milliseconds{50}});
    cluster.submit();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{5}));
    cluster.run_for(seconds{1});
    cluster.crash(2);
    cluster.crash(3);
    cluster.submit();
    cluster.run_for(std::chrono::hours{1});
    EXPECT_EQ(cluster.height(0), 1U);
    EXPECT_EQ(cluster.height(1), 1U);
    EXPECT_EQ(cluster.info(0, "missing"), "[2,3]");
    EXPECT_LE(cluster.view(0), 1U);  // nobody runs through views alone
    cluster.start(3);
    cluster.connect();
    const TimePoint begin = cluster.now();
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({0, 1, 3}) == 2;
        },
        seconds{20}));
    EXPECT_LE(cluster.now() - begin, seconds{2});
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, partitions_commit_nothing_in_the_minority_and_all_after_healing) {
    const std::vector<std::vector<std::set<Node>>> splits{
        {{0, 1}, {2, 3}}, {{0, 1, 2}, {3}}, {{0}, {1, 2, 3}}, {{1}, {2}, {0, 3}}};
    for (const auto& groups : splits) {
        Cluster cluster({.delay = milliseconds{50}});
        cluster.run_for(seconds{1});
        cluster.partition(groups);
        cluster.submit();
        cluster.run_for(seconds{60});
        size_t most = 0;
        for (const auto& group : groups) {
            for (const Node node : group) {
                if (group.size() < 3) {
                    EXPECT_EQ(cluster.height(node), 0U);
                }
                most = std::max(most, cluster.height(node));
            }
        }
        cluster.partition({});
        ASSERT_TRUE(cluster.run_until(
            [&] { return cluster.lowest_height(kAll) == std::max<size_t>(1, most); }, seconds{4}))
            << "two base timeouts after healing";
        cluster.submit();
        ASSERT_TRUE(cluster.run_until(
            [&] { return cluster.lowest_height(kAll) == std::max<size_t>(1, most) + 1; },
            seconds{8}));
        EXPECT_THAT(cluster.violations(), IsEmpty());
    }
}

TEST(ViewChange, rolling_partition_never_forks_and_ends_with_progress) {
    Cluster cluster({.validators = 7, .delay = milliseconds{50}});
    std::vector<Node> all{0, 1, 2, 3, 4, 5, 6};
    for (size_t round = 0; round < 14; ++round) {
        std::set<Node> side, rest;
        for (const Node node : all) ((node + round) % 7 < 3 ? side : rest).insert(node);
        cluster.partition({side, rest});
        cluster.submit();
        cluster.run_for(seconds{3});
    }
    cluster.partition({});
    cluster.submit();
    const size_t before = cluster.height(0);
    EXPECT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height(all) > before &&
                   cluster.lowest_height(all) == cluster.height(0);
        },
        seconds{20}));
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(ViewChange, accepted_block_that_nobody_prepared_and_nobody_wants_ends_the_changes) {
    Cluster cluster({.delay = milliseconds{50}});
    cluster.run_for(seconds{1});
    cluster.filter = [](Node, Node, ByteSpan message) {
        return message[1] != static_cast<uint8_t>(MessageType::prepare);
    };
    cluster.submit();
    const auto all_left = [&] {
        return std::all_of(kAll.begin(), kAll.end(),
                           [&](Node node) { return cluster.view(node) == 1; });
    };
    ASSERT_TRUE(cluster.run_until(all_left, seconds{5}));
    cluster.withdraw();
    cluster.filter = nullptr;
    cluster.run_for(seconds{10});
    const uint64_t view = cluster.view(2);
    EXPECT_LE(view, 2U);
    cluster.run_for(std::chrono::minutes{5});
    EXPECT_EQ(cluster.view(2), view);
    EXPECT_EQ(cluster.info(2, "phase"), "\"idle\"");
    cluster.submit();
    EXPECT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{5}));
}

TEST(ViewChange, stall_is_over_within_one_base_timeout_where_the_next_primary_is_up) {
    // Validators 0 and 1 lose every message for a while; nobody restarts anything.
    Cluster cluster({.delay = milliseconds{50}});
    cluster.partition({{0, 2}, {1, 3}});
    cluster.submit();
    cluster.run_for(std::chrono::hours{1});
    EXPECT_EQ(cluster.height(0), 0U);
    cluster.partition({});
    EXPECT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{2}));
}

/// Validator 6 of seven accepts a block in view 0, which only validator 5 can prove to be prepared,
/// then other blocks in views 1 and 2. In view 3, the first one is proposed again.
class KeptBlock : public ::testing::Test {
 protected:
    explicit KeptBlock(bool kept = true)
        : replica(6, {.validators = 7, .tuning = {.valid_blocks_kept = kept}}) {}

    Bytes new_view(View view, const std::optional<PreparedCertificate>& prepared = {}) const {
        const auto primary = static_cast<ValidatorIndex>(view);
        NewView start{view, primary, {}, {}, {}};
        for (const size_t each : {0U, 1U, 2U, 3U, 5U})
            start.view_changes.push_back(replica.make_view_change(
                view, each, replica.genesis_point(), each == 5 ? prepared : std::nullopt));
        if (prepared) {
            const Vote again =
                replica.make_vote(MessageType::pre_prepare, view, 1, prepared->digest, primary);
            start.reproposal = Reproposal{1, prepared->digest, again.signature};
        }
        start.signature = replica.key(primary).sign_compact(replica.authenticator().signing_hash(
            MessageType::new_view, view, prepared ? 1 : 0, content_digest(start)));
        return encode_new_view(start, replica.network());
    }
    PreparedCertificate certificate(const Block& block) const {
        const BlockHash digest = block.header.hash();
        PreparedCertificate result{
            0,
            1,
            digest,
            replica.make_vote(MessageType::pre_prepare, 0, 1, digest, 0).signature,
            {}};
        for (const ValidatorIndex each : std::vector<ValidatorIndex>{1, 2, 3, 5})
            result.prepares.push_back(
                {each, replica.make_vote(MessageType::prepare, 0, 1, digest, each).signature});
        return result;
    }
    void show_the_first_block_in_view_3() {
        const BlockRef first = replica.make_block(0);
        for (const View view : {0U, 1U, 2U}) {
            if (view > 0) replica.receive(view, new_view(view));
            ASSERT_EQ(replica.view(), view);
            replica.receive(view,
                            replica.pre_prepare_message(view, 1, *replica.make_block(view), view));
            ASSERT_EQ(replica.sent(MessageType::prepare), view + 1);
        }
        replica.receive(3, new_view(3, certificate(*first)));
        ASSERT_EQ(replica.view(), 3U);
    }

    LoneReplica replica;
};

class DroppedBlock : public KeptBlock {
 protected:
    DroppedBlock() : KeptBlock(false) {}
};

TEST_F(KeptBlock, accepted_three_views_ago_is_prepared_without_being_fetched) {
    show_the_first_block_in_view_3();
    EXPECT_EQ(replica.sent(MessageType::prepare), 4U);
    EXPECT_EQ(replica.sent(MessageType::fetch), 0U);
}

// The negative control: it has to ask, and if only the one that withholds it has it, for ever.
TEST_F(DroppedBlock, accepted_three_views_ago_has_to_be_fetched) {
    show_the_first_block_in_view_3();
    EXPECT_EQ(replica.sent(MessageType::prepare), 3U);
    EXPECT_GT(replica.sent(MessageType::fetch), 0U);
}

}  // namespace
}  // namespace parley::pbft::testing
