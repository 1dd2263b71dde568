// Validators that are linked only through followers, and what such a follower passes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "consensus/pbft/relay.h"
#include "tests/unit/consensus/pbft/cluster.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

bool decides(Cluster& cluster, const std::vector<Node>& nodes, size_t height) {
    cluster.submit();
    return cluster.run_until([&] { return cluster.lowest_height(nodes) == height; }, seconds{30});
}

TEST(RelayNetwork, validators_linked_only_through_a_follower_order_blocks) {
    Cluster cluster({.extra = {kObserver}, .relay = true, .delay = milliseconds{50}});
    cluster.partition({{0, 4}, {1, 4}, {2, 4}, {3, 4}});
    for (size_t height = 1; height <= 3; ++height)
        ASSERT_TRUE(decides(cluster, {0, 1, 2, 3, 4}, height)) << height;
    for (const Node node : kAll) EXPECT_EQ(cluster.view(node), 0U);
    // Also after a change of view.
    cluster.crash(0);
    ASSERT_TRUE(decides(cluster, {1, 2, 3, 4}, 4));
    for (const Node node : {1U, 2U, 3U, 4U}) EXPECT_THAT(cluster.blames(node), IsEmpty());
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(RelayNetwork, without_relaying_nothing_is_ordered) {
    Cluster cluster({.extra = {kObserver}, .delay = milliseconds{50}});
    cluster.partition({{0, 4}, {1, 4}, {2, 4}, {3, 4}});
    EXPECT_FALSE(decides(cluster, kAll, 1));
}

TEST(RelayNetwork, two_sentries_in_a_row_and_a_cycle_of_them_order_blocks) {
    for (const bool cycle : {false, true}) {
        Cluster cluster(
            {.extra = {kObserver, kObserver}, .relay = true, .delay = milliseconds{20}});
        if (cycle) {
            cluster.partition({{0, 4}, {1, 4}, {2, 4}, {0, 5}, {1, 5}, {3, 5}, {4, 5}});
        } else {
            cluster.partition({{0, 4}, {1, 4}, {4, 5}, {2, 5}, {3, 5}});
        }
        ASSERT_TRUE(decides(cluster, kAll, 1)) << cycle;
        ASSERT_TRUE(decides(cluster, kAll, 2)) << cycle;
        EXPECT_THAT(cluster.violations(), IsEmpty());
    }
}

TEST(RelayNetwork, lost_messages_do_not_stop_it) {
    Cluster cluster(
        {.extra = {kObserver}, .relay = true, .delay = milliseconds{20}, .drop_percent = 15});
    cluster.partition({{0, 4}, {1, 4}, {2, 4}, {3, 4}});
    for (size_t height = 1; height <= 5; ++height) {
        cluster.submit();
        ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) >= height; },
                                      std::chrono::minutes{10}))
            << height;
    }
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

class RelayTest : public ::testing::Test {
 protected:
    RelayTest()
        : setup(follower(), committee.params(), committee.authenticator().validators(), log, {}),
          relay(setup) {
        begin(committee.genesis_point());
    }
    PbftOptions follower() const {
        PbftOptions options = committee.engine_options(std::nullopt);
        options.relay = true;
        return options;
    }
    void begin(const FinalPoint& point) {
        Step step(now, committee.network());
        relay.begin_height(point, step);
        sort(step.take_outputs());
    }
    void hear(uint64_t from, const Bytes& message) {
        const auto decoded = decode_message(message, committee.network());
        ASSERT_TRUE(decoded);
        Step step(now, committee.network());
        relay.take(PeerId{from}, *decoded, message, step);
        sort(step.take_outputs());
    }
    void judge(const BlockRef& block, std::string reason) {
        Step step(now, committee.network());
        relay.take(engine_input::ProposalChecked{block, std::move(reason)}, step);
        sort(step.take_outputs());
    }
    void sort(EngineOutputs outputs) {
        for (EngineOutput& output : outputs) {
            if (auto* broadcast = std::get_if<engine_output::Broadcast>(&output)) {
                passed.push_back(std::move(broadcast->message));
                not_to.push_back(broadcast->except.value());
            } else if (const auto* blame = std::get_if<engine_output::Blame>(&output)) {
                blames.push_back(blame->reason);
            } else if (const auto* check = std::get_if<engine_output::CheckProposal>(&output)) {
                checks.push_back(check->block);
            } else {
                bodies.push_back(std::get<engine_output::SendMessage>(output).message);
            }
        }
    }
    Bytes prepare(View view, Sequence height, size_t validator) const {
        return committee.vote_message(MessageType::prepare, view, height, BlockHash{}, validator);
    }
    BlockRef block_after(const BlockHash& parent, uint32_t time = 0) const {
        Block block = *committee.params().genesis;
        block.header.previous = parent;
        block.header.time += time;
        return std::make_shared<const Block>(std::move(block));
    }

    Committee committee{4};
    NullLog log;
    pbft::Setup setup;
    Relay relay;
    TimePoint now = from_unix_seconds(1'700'000'000);
    std::vector<Bytes> passed, bodies;
    std::vector<uint64_t> not_to;
    std::vector<std::string> blames;
    std::vector<BlockRef> checks;
};

TEST_F(RelayTest, valid_message_is_passed_on_once_to_all_but_its_sender) {
    const Bytes message = prepare(0, 1, 2);
    hear(7, message);
    hear(7, message);
    hear(8, message);
    EXPECT_THAT(passed, ElementsAre(message));
    EXPECT_THAT(not_to, ElementsAre(7U));
    // A message that is repeated later is passed on again: it may have been lost.
    now += setup.retry_interval();
    hear(8, prepare(0, 1, 3));
    now += setup.retry_interval();
    hear(8, message);
    EXPECT_THAT(passed, SizeIs(3));
}

TEST_F(RelayTest, view_changes_and_new_views_are_passed_on) {
    std::vector<ViewChange> view_changes;
    for (const size_t validator : {1U, 2U, 3U}) {
        view_changes.push_back(committee.make_view_change(1, validator, committee.genesis_point()));
        hear(7, encode_view_change(view_changes.back(), committee.network()));
    }
    EXPECT_THAT(passed, SizeIs(3));
    NewView new_view{1, 1, view_changes, std::nullopt, {}};
    hear(7, encode_new_view(new_view, committee.network()));
    EXPECT_THAT(blames, ElementsAre(HasSubstr("a bad new-view")));  // not signed
    new_view.signature = committee.key(1).sign_compact(committee.authenticator().signing_hash(
        MessageType::new_view, 1, 0, content_digest(new_view)));
    hear(7, encode_new_view(new_view, committee.network()));
    EXPECT_THAT(passed, SizeIs(4));
}

TEST_F(RelayTest, what_a_receiver_would_blame_is_blamed_here_and_not_passed_on) {
    Vote forged = committee.make_vote(MessageType::commit, 0, 1, BlockHash{}, 1);
    forged.signature[3] ^= 1;
    hear(7, encode_vote(forged, committee.network()));
    Vote stranger = committee.make_vote(MessageType::commit, 0, 1, BlockHash{}, 1);
    stranger.validator = 4;
    hear(7, encode_vote(stranger, committee.network()));
    hear(7, prepare(0, 1, 0));  // of the primary
    ViewChange view_change = committee.make_view_change(1, 2, committee.genesis_point());
    view_change.signature[3] ^= 1;
    hear(7, encode_view_change(view_change, committee.network()));
    const BlockRef block = block_after(committee.params().genesis_hash);
    hear(7, committee.pre_prepare_message(0, 1, *block, 1));  // not the primary
    const Vote proposal =
        committee.make_vote(MessageType::pre_prepare, 0, 1, block->header.hash(), 0);
    Bytes other = block_after(committee.params().genesis_hash, 9)->serialize();
    hear(7, encode_pre_prepare(proposal, other, committee.network()));
    EXPECT_THAT(blames, SizeIs(6));
    EXPECT_THAT(passed, IsEmpty());
    EXPECT_THAT(checks, IsEmpty());
}

TEST_F(RelayTest, heights_outside_the_window_are_ignored) {
    hear(7, prepare(0, 0, 2));
    hear(7, prepare(0, kWindow + 1, 2));
    hear(7, prepare(0, UINT64_MAX, 2));
    EXPECT_THAT(passed, IsEmpty());
    EXPECT_THAT(blames, IsEmpty());
    hear(7, prepare(0, kWindow, 2));
    EXPECT_THAT(passed, SizeIs(1));
}

TEST_F(RelayTest, validator_that_floods_is_limited_and_others_are_not) {
    for (View view = 0; view < 100; ++view)
        hear(7, committee.vote_message(MessageType::commit, view, 1, BlockHash{}, 2));
    EXPECT_THAT(passed, SizeIs(16));
    hear(7, prepare(0, 1, 3));
    EXPECT_THAT(passed, SizeIs(17));
    hear(7, prepare(0, 2, 2));  // nor is its next height
    EXPECT_THAT(passed, SizeIs(18));
}

TEST_F(RelayTest, proposal_is_passed_on_when_its_block_is_valid_and_served_then) {
    const BlockRef block = block_after(committee.params().genesis_hash);
    const Bytes message = committee.pre_prepare_message(0, 1, *block, 0);
    hear(7, message);
    hear(8, message);
    ASSERT_THAT(checks, SizeIs(1));
    EXPECT_THAT(passed, IsEmpty());
    const Bytes fetch = encode_fetch(Fetch{block->header.hash()}, committee.network());
    hear(9, fetch);
    EXPECT_THAT(bodies, IsEmpty());
    judge(checks[0], "");
    EXPECT_THAT(passed, ElementsAre(message));
    EXPECT_THAT(not_to, ElementsAre(7U));
    hear(9, fetch);
    hear(9, fetch);
    EXPECT_THAT(bodies, SizeIs(1));
}

TEST_F(RelayTest, proposal_with_an_invalid_block_is_blamed_on_its_sender) {
    hear(7, committee.pre_prepare_message(0, 1, *block_after(committee.params().genesis_hash), 0));
    ASSERT_THAT(checks, SizeIs(1));
    judge(checks[0], "bad-cb-amount");
    EXPECT_THAT(blames, ElementsAre("an invalid block: bad-cb-amount"));
    EXPECT_THAT(passed, IsEmpty());
}

TEST_F(RelayTest, proposal_for_the_next_height_waits_until_that_begins) {
    const BlockRef first = block_after(committee.params().genesis_hash);
    const BlockRef second = block_after(first->header.hash());
    hear(7, committee.pre_prepare_message(0, 2, *second, 0));
    EXPECT_THAT(checks, IsEmpty());
    begin(FinalPoint{1, first->header.hash(), {}});
    EXPECT_THAT(checks, SizeIs(1));
}

TEST(RelayOptions, validator_cannot_relay) {
    const Committee committee(4);
    PbftOptions options = committee.engine_options(0);
    options.relay = true;
    EXPECT_THAT(options.validate().value_or(""), HasSubstr("-pbftrelay is for nodes without"));
    options.key.reset();
    EXPECT_EQ(options.validate(), std::nullopt);
}

}  // namespace
}  // namespace parley::pbft::testing
