// What is proposed and when: demand, batches, empty blocks, block times, small sets, the report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
    EXPECT_THAT(cluster.records(0), IsEmpty());
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
}

}  // namespace
}  // namespace parley::pbft::testing
