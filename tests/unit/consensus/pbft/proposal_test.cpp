// What is proposed and when: demand, batches, empty blocks, block times, small sets, the report.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/unit/consensus/pbft/cluster.h"
#include "tests/unit/consensus/pbft/lone_replica.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::IsEmpty;

TEST(Proposals, nothing_is_ordered_without_demand) {
    Cluster cluster({});
    cluster.run_for(seconds{20});
    cluster.clear_sent();
    cluster.run_for(std::chrono::minutes{10});
    EXPECT_EQ(cluster.lowest_height(kAll), 0U);
    EXPECT_EQ(cluster.view(0), 0U);
    // Only the idle statuses: one in 30 seconds of each to each.
    EXPECT_EQ(cluster.sent(), 20U * 4 * 3);
    EXPECT_EQ(cluster.sent(MessageType::status), cluster.sent());
    // The record of the first start, which says that it has voted for nothing.
    EXPECT_THAT(cluster.records(0), ::testing::SizeIs(1));
}

TEST(Proposals, what_waits_goes_into_one_block) {
    Cluster cluster({.delay = milliseconds{100}, .payments = 50});
    cluster.run_for(seconds{1});
    for (int i = 0; i < 50; ++i) {
        cluster.submit();
        cluster.run_for(milliseconds{1});
    }
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 2; }, seconds{2}));
    cluster.run_for(seconds{5});
    EXPECT_EQ(cluster.lowest_height(kAll), 2U);
    const HeaderNode& second = cluster.tip(0);
    EXPECT_EQ(cluster.block(0, *second.parent)->transactions.size(), 1U + 1);  // and the coinbase
    EXPECT_EQ(cluster.block(0, second)->transactions.size(), 1U + 49);
}

TEST(Proposals, empty_blocks_come_with_their_period_and_only_then) {
    Cluster cluster({.delay = milliseconds{50}, .empty_block_period = seconds{5}});
    cluster.run_for(milliseconds{4500});
    EXPECT_EQ(cluster.height(0), 0U);
    cluster.run_for(seconds{60});
    EXPECT_GE(cluster.lowest_height(kAll), 11U);
    EXPECT_LE(cluster.lowest_height(kAll), 13U);
    EXPECT_EQ(cluster.view(0), 0U);
    // A primary that withholds them is replaced.
    cluster.crash(0);
    const size_t before = cluster.height(1);
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({1, 2, 3}) >= before + 2;
        },
        seconds{20}));
    EXPECT_EQ(cluster.view(1), 1U);
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

class BlockTime : public ::testing::TestWithParam<std::pair<int64_t, bool>> {};

TEST_P(BlockTime, outside_the_bound_gets_no_prepare) {
    const auto [offset, accepted] = GetParam();
    LoneReplica backup(1);
    Block block = *backup.make_block(1);
    block.header.time = static_cast<uint32_t>(to_unix_seconds(backup.now()) + offset);
    backup.receive(0, backup.pre_prepare_message(0, 1, block, 0));
    EXPECT_EQ(backup.sent(MessageType::prepare), accepted ? 1U : 0U);
    EXPECT_THAT(backup.blames(), IsEmpty());  // a clock that is off is no lie
}

INSTANTIATE_TEST_SUITE_P(offsets, BlockTime,
                         ::testing::Values(std::pair{0, true}, std::pair{600, true},
                                           std::pair{601, false}, std::pair{-599, true},
                                           std::pair{-601, false}, std::pair{7000, false}));

TEST(Proposals, wrong_header_gets_no_prepare) {
    for (int kind = 0; kind < 4; ++kind) {
        LoneReplica backup(1);
        Block block = *backup.make_block(1);
        if (kind == 1) block.header.nonce = 7;
        if (kind == 2) block.header.bits = 0x1d00ffff;
        if (kind == 3) block.header.previous.bytes()[0] ^= 1;
        backup.receive(0, backup.pre_prepare_message(0, 1, block, 0));
        EXPECT_EQ(backup.sent(MessageType::prepare), kind == 0 ? 1U : 0U) << kind;
    }
}

TEST(Proposals, fast_blocks_are_paced_once_their_times_run_ahead) {
    // One validator decides without any delay: its blocks' times rise a second every six blocks.
    LoneReplica only(0, 1);
    size_t blocks = 0;
    while (blocks < 5000) {
        only.demand(1);
        ++blocks;
        if (only.height() < blocks) break;
    }
    // Half of the ten minutes' bound, at six blocks a second of time.
    EXPECT_NEAR(static_cast<double>(blocks), 300.0 * 6, 20.0);
    EXPECT_LE(only.tip().time() - to_unix_seconds(only.now()), 301);
    // And not for ever: no longer than a quarter of the timeout.
    only.run_for(milliseconds{500});
    EXPECT_EQ(only.height(), blocks);
    EXPECT_EQ(only.view(), 0U);
}

TEST(SmallSets, one_to_three_validators_order_without_tolerating_faults) {
    for (const size_t n : {1U, 2U, 3U}) {
        Cluster cluster({.validators = n, .delay = milliseconds{10}});
        std::vector<Node> nodes;
        for (size_t i = 0; i < n; ++i) nodes.push_back(i);
        for (size_t height = 1; height <= 5; ++height) {
            cluster.submit();
            ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(nodes) == height; },
                                          seconds{5}))
                << n;
        }
        EXPECT_EQ(cluster.info(0, "f"), "0");
        EXPECT_THAT(cluster.violations(), IsEmpty());
    }
}

TEST(Report, names_phase_role_and_who_is_missing) {
    Cluster cluster({.delay = milliseconds{50}});
    cluster.run_for(seconds{1});
    EXPECT_EQ(cluster.info(0, "role"), "\"primary\"");
    EXPECT_EQ(cluster.info(1, "role"), "\"backup\"");
    EXPECT_EQ(cluster.info(1, "validator"), "1");
    EXPECT_EQ(cluster.info(1, "phase"), "\"idle\"");
    EXPECT_EQ(cluster.info(1, "n"), "4");
    EXPECT_EQ(cluster.info(1, "f"), "1");
    EXPECT_EQ(cluster.info(1, "quorum"), "3");
    EXPECT_EQ(cluster.info(1, "timer"), "null");
    EXPECT_EQ(cluster.info(1, "missing"), "[]");
    cluster.crash(2);
    cluster.crash(3);
    cluster.submit();
    cluster.run_for(milliseconds{60});
    EXPECT_EQ(cluster.info(1, "phase"), "\"prepare\"");
    EXPECT_EQ(cluster.info(1, "prepared"), "[0,1]");
    EXPECT_EQ(cluster.info(1, "missing"), "[2,3]");
    EXPECT_EQ(cluster.info(1, "timer"), "1.950");  // at the last message, one delay later
    cluster.run_for(seconds{3});
    EXPECT_EQ(cluster.info(1, "phase"), "\"view change\"");
    EXPECT_EQ(cluster.info(1, "view_changes"), "[0,1]");
    EXPECT_EQ(cluster.info(1, "missing"), "[2,3]");
    EXPECT_THAT(cluster.info(1, "last_view_changes"),
                ::testing::HasSubstr("no block 1 from validator 0 in time"));
    EXPECT_EQ(cluster.info(1, "validator_set"),
              "\"" + to_hex(cluster.authenticator().validators().id().span()) + "\"");
}

std::string awaited(std::string_view what, std::string_view validators, std::string_view have,
                    std::string_view need) {
    return fmt::format(R"({{"what":"{}","validators":[{}],"have":{},"need":{}}})", what, validators,
                       have, need);
}

TEST(Report, names_what_each_phase_waits_for) {
    LoneReplica replica(3);
    const auto waits = [&] { return replica.info("waiting_for"); };
    EXPECT_EQ(waits(), awaited("nothing to order", "", "null", "null"));
    replica.demand(1);
    EXPECT_EQ(waits(), awaited("proposal", "0", "null", "null"));
    const BlockRef block = replica.make_block(1);
    const BlockHash digest = block->header.hash();
    replica.receive(1, replica.vote_message(MessageType::commit, 0, 1, digest, 1));
    replica.receive(0, replica.pre_prepare_message(0, 1, *block, 0));
    EXPECT_EQ(waits(), awaited("prepares", "1,2", "2", "3"));
    replica.receive(2, replica.vote_message(MessageType::prepare, 0, 1, digest, 2));
    EXPECT_EQ(waits(), awaited("commits", "0,2", "2", "3"));
    replica.run_for(seconds{3});
    EXPECT_EQ(waits(), awaited("view-changes", "0,1,2", "1", "3"));
    for (const size_t other : {0, 2}) {
        replica.receive(
            other, encode_view_change(replica.make_view_change(1, other, replica.final_point()),
                                      replica.network()));
    }
    EXPECT_EQ(waits(), awaited("new-view", "1", "null", "null"));
}

TEST(Report, small_sets_warn_that_no_fault_is_tolerated) {
    for (const size_t size : {1U, 2U, 3U}) {
        const LoneReplica replica(0, size);
        EXPECT_THAT(replica.replica().warnings(),
                    ::testing::ElementsAre(::testing::HasSubstr("tolerate no Byzantine fault")));
        EXPECT_EQ(replica.warnings(), replica.replica().warnings());  // also in the log
    }
    EXPECT_THAT(LoneReplica(0, 4).replica().warnings(), IsEmpty());
}

TEST(Report, proposal_whose_block_is_missing_waits_for_the_block) {
    LoneReplica replica(3);
    const BlockRef block = replica.make_block(1);
    const Vote vote = replica.make_vote(MessageType::pre_prepare, 0, 1, block->header.hash(), 0);
    replica.receive(0, encode_pre_prepare(vote, {}, replica.network()));
    EXPECT_EQ(replica.info("waiting_for"), awaited("block", "", "null", "null"));
}

TEST(Report, stalled_view_is_logged_once_with_what_it_waited_for) {
    LoneReplica replica(3);
    replica.demand(1);
    const BlockRef block = replica.make_block(1);
    replica.receive(0, replica.pre_prepare_message(0, 1, *block, 0));
    replica.run_for(seconds{60});
    EXPECT_THAT(replica.warnings(),
                ::testing::ElementsAre("Height 1 stalled in view 0 after 2000 ms: it has 2 of 3 "
                                       "prepares; missing: validators 1, 2."));
    for (const size_t other : {0, 2}) {
        replica.receive(
            other, encode_view_change(replica.make_view_change(1, other, replica.final_point()),
                                      replica.network()));
    }
    replica.run_for(seconds{5});
    ASSERT_EQ(replica.warnings().size(), 2U);
    EXPECT_EQ(replica.warnings()[1],
              "Height 1 stalled in view 1 after 4000 ms: it waits for the new-view of validator "
              "1.");
    EXPECT_THAT(
        replica.info("last_view_changes"),
        ::testing::MatchesRegex(R"(\[\{"height":1,"from_view":0,"to_view":1,"time":[0-9]+,)"
                                R"("cause":"timer","reason":"no block 1 .*\},)"
                                R"(\{"height":1,"from_view":1,"to_view":2,.*"no new-view .*\])"));
}

TEST(Report, view_changes_are_kept_up_to_a_limit) {
    Cluster cluster({.validators = 4, .delay = milliseconds{10}, .timeout_max = seconds{2}});
    cluster.filter = [](Node, Node, ByteSpan message) {
        return message[1] != static_cast<uint8_t>(MessageType::new_view) &&
               message[1] != static_cast<uint8_t>(MessageType::pre_prepare);
    };
    cluster.submit();
    cluster.run_for(seconds{60});
    const std::string list = cluster.info(3, "last_view_changes");
    size_t count = 0;
    for (size_t at = list.find("to_view"); at != std::string::npos;
         at = list.find("to_view", at + 1))
        ++count;
    EXPECT_EQ(count, 16U);
    EXPECT_THAT(list, ::testing::HasSubstr("\"to_view\":" + std::to_string(cluster.view(3)) + ","));
    EXPECT_THAT(list, ::testing::Not(::testing::HasSubstr("\"to_view\":1,")));
}

}  // namespace
}  // namespace parley::pbft::testing
