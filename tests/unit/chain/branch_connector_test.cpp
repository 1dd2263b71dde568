#include "chain/state/branch_connector.h"

#include <gtest/gtest.h>

#include "tests/unit/chain/chain_parts.h"

namespace parley {
namespace {

bool has_coin(const ChainParts& chain, const HeaderNode& node) {
    return chain.coins.view().coin(coinbase_outpoint(*chain.blocks.read(node))).value().has_value();
}

// A block with an unspendable coinbase, and a block that tries to spend it.
struct BadSpend {
    explicit BadSpend(ChainParts& chain) {
        BlockPlan plan;
        plan.payout = Script{Bytes{OP_0}};
        locked = &chain.add(chain.index.genesis(), plan);
        const BlockRef block = *chain.blocks.read(*locked);
        plan = {};
        plan.transactions = {spend_true({coinbase_outpoint(block)}, Amount{1'000})};
        bad = &chain.add(*locked, plan);
        above = &chain.add(*bad);
    }
    const HeaderNode* locked;
    const HeaderNode* bad;
    const HeaderNode* above;
};

TEST(BranchConnector, last_block_stays_begun_until_it_is_settled) {
    ChainParts chain;
    const HeaderNode& target = chain.extend(chain.index.genesis(), 3);
    BranchConnector connector = chain.connector();
    EXPECT_EQ(&connector.head(), &chain.index.genesis());
    ChainUpdate update;
    ASSERT_TRUE(*connector.step_towards(target, update));
    EXPECT_EQ(&connector.head(), &target);
    EXPECT_EQ(connector.begun(), 1u);
    EXPECT_EQ(&chain.index.tip(), target.parent);
    EXPECT_FALSE(has_coin(chain, target));
    ASSERT_TRUE(*connector.settle(1, update));
    EXPECT_EQ(&chain.index.tip(), target.parent) << "one may stay begun";
    ASSERT_TRUE(*connector.settle(0, update));
    EXPECT_EQ(&chain.index.tip(), &target);
    EXPECT_TRUE(has_coin(chain, target));
    EXPECT_EQ(target.status, BlockStatus::connected);
    ASSERT_EQ(update.connected.size(), 3u);
    EXPECT_EQ(update.connected[2].node, &target);
    EXPECT_TRUE(update.disconnected.empty());
}

TEST(BranchConnector, dropped_it_leaves_no_trace_of_what_was_begun) {
    ChainParts chain;
    const HeaderNode& target = chain.extend(chain.index.genesis(), 2);
    ChainUpdate update;
    {
        BranchConnector connector = chain.connector();
        ASSERT_TRUE(*connector.step_towards(target, update));
    }
    EXPECT_EQ(&chain.index.tip(), target.parent);
    EXPECT_FALSE(has_coin(chain, target));
    EXPECT_FALSE(target.has_undo());
    EXPECT_EQ(target.status, BlockStatus::stored);
    chain.move_to(target);
    EXPECT_TRUE(has_coin(chain, target));
}

TEST(BranchConnector, one_step_connects_a_bounded_number_of_blocks) {
    ChainParts chain;
    const HeaderNode& target = chain.extend(chain.index.genesis(), 7);
    BranchConnector connector = chain.connector(3);
    ChainUpdate update;
    ASSERT_TRUE(*connector.step_towards(target, update));
    EXPECT_EQ(connector.head().height, Height{3});
    ASSERT_TRUE(*connector.step_towards(target, update));
    EXPECT_EQ(connector.head().height, Height{6});
    ASSERT_TRUE(*connector.step_towards(target, update));
    EXPECT_EQ(&connector.head(), &target);
}

TEST(BranchConnector, branch_is_left_downwards_and_the_other_one_connected_upwards) {
    ChainParts chain;
    const HeaderNode& fork = chain.extend(chain.index.genesis(), 1);
    const HeaderNode& old_tip = chain.extend(fork, 2, 1);
    const HeaderNode& target = chain.extend(fork, 3, 2);
    chain.move_to(old_tip);
    const ChainUpdate update = chain.move_to(target);
    ASSERT_EQ(update.disconnected.size(), 2u);
    EXPECT_EQ(update.disconnected[0].node, &old_tip);
    EXPECT_EQ(update.disconnected[1].node, old_tip.parent);
    ASSERT_EQ(update.connected.size(), 3u);
    EXPECT_EQ(update.connected[0].node->parent, &fork);
    EXPECT_EQ(update.connected[2].node, &target);
    EXPECT_FALSE(has_coin(chain, old_tip));
    EXPECT_TRUE(has_coin(chain, target));
    EXPECT_TRUE(has_coin(chain, fork));
}

TEST(BranchConnector, block_that_comes_and_goes_in_one_update_is_not_in_it) {
    ChainParts chain;
    const HeaderNode& first = chain.extend(chain.index.genesis(), 1, 1);
    const HeaderNode& other = chain.extend(chain.index.genesis(), 2, 2);
    ChainUpdate update;
    BranchConnector connector = chain.connector();
    ASSERT_TRUE(*connector.step_towards(first, update));
    ASSERT_TRUE(*connector.step_towards(other, update)) << "settles the first, and leaves it";
    ASSERT_TRUE(*connector.settle(0, update));
    EXPECT_TRUE(update.disconnected.empty());
    ASSERT_EQ(update.connected.size(), 2u);
    EXPECT_EQ(update.connected[0].node, other.parent);
    EXPECT_FALSE(has_coin(chain, first));
}

TEST(BranchConnector, failed_script_drops_the_blocks_above_and_is_reported_once) {
    ChainParts chain;
    const BadSpend blocks(chain);
    BranchConnector connector = chain.connector();
    ChainUpdate update;
    const auto stepped = connector.step_towards(*blocks.above, update);
    ASSERT_TRUE(stepped.has_value());
    EXPECT_FALSE(*stepped);
    EXPECT_EQ(connector.begun(), 0u);
    EXPECT_EQ(&chain.index.tip(), blocks.locked);
    ASSERT_EQ(update.invalid.size(), 1u);
    EXPECT_EQ(update.invalid[0].node, blocks.bad);
    EXPECT_EQ(blocks.bad->status, BlockStatus::invalid);
    EXPECT_EQ(blocks.above->status, BlockStatus::invalid_ancestor);
    EXPECT_TRUE(has_coin(chain, *blocks.locked)) << "what the bad block spends is there";
}

TEST(BranchConnector, missing_input_is_no_fault_of_the_block_below) {
    ChainParts chain;
    BlockPlan plan;
    plan.transactions = {spend_true({OutPoint{Txid{Hash256{{7}}}, 0}}, Amount{1'000})};
    const HeaderNode& good = chain.extend(chain.index.genesis(), 1);
    const HeaderNode& bad = chain.add(good, plan);
    BranchConnector connector = chain.connector();
    ChainUpdate update;
    EXPECT_FALSE(*connector.step_towards(bad, update));
    ASSERT_EQ(update.invalid.size(), 1u);
    EXPECT_EQ(update.invalid[0].node, &bad);
    EXPECT_EQ(update.invalid[0].error.reason, "bad-txns-inputs-missingorspent");
    EXPECT_EQ(&chain.index.tip(), &good) << "it was settled before the verdict";
}

TEST(BranchConnector, begun_block_that_is_marked_invalid_makes_it_void) {
    ChainParts chain;
    const HeaderNode& target = chain.extend(chain.index.genesis(), 1);
    BranchConnector connector = chain.connector();
    ChainUpdate update;
    ASSERT_TRUE(*connector.step_towards(target, update));
    EXPECT_FALSE(connector.is_void());
    chain.index.invalidate(target);
    EXPECT_TRUE(connector.is_void());
}

TEST(BranchConnector, store_that_fails_is_an_error_and_no_verdict) {
    ChainParts chain;
    const HeaderNode& first = chain.extend(chain.index.genesis(), 1);
    chain.move_to(first);
    BlockPlan plan;
    plan.transactions = {spend_true({OutPoint{Txid{Hash256{{7}}}, 0}}, Amount{1'000})};
    const HeaderNode& target = chain.add(first, plan);
    chain.coins_store.failing = true;
    BranchConnector connector = chain.connector();
    ChainUpdate update;
    const auto stepped = connector.step_towards(target, update);
    ASSERT_FALSE(stepped.has_value());
    EXPECT_EQ(stepped.error().code, StorageError::Code::io);
    EXPECT_TRUE(update.invalid.empty());
    EXPECT_FALSE(target.is_invalid());
    EXPECT_EQ(&chain.index.tip(), &first);
}

TEST(BranchConnector, block_that_was_removed_cannot_be_disconnected) {
    ChainParts chain;
    const HeaderNode& first = chain.extend(chain.index.genesis(), 1, 1);
    const HeaderNode& other = chain.extend(chain.index.genesis(), 2, 2);
    chain.move_to(first);
    const uint32_t file = 0;
    chain.index.remove_bodies({&file, 1});
    BranchConnector connector = chain.connector();
    ChainUpdate update;
    const auto stepped = connector.step_towards(other, update);
    ASSERT_FALSE(stepped.has_value());
    EXPECT_EQ(stepped.error().code, StorageError::Code::corruption);
    EXPECT_EQ(&chain.index.tip(), &first);
}

TEST(BranchConnectorDeathTest, final_block_is_never_left) {
    ChainParts chain;
    const HeaderNode& first = chain.extend(chain.index.genesis(), 1, 1);
    const HeaderNode& other = chain.extend(chain.index.genesis(), 2, 2);
    chain.move_to(first);
    chain.index.finalize(first);
    BranchConnector connector = chain.connector();
    ChainUpdate update;
    EXPECT_DEATH((void)connector.step_towards(other, update), "finalized");
}

}  // namespace
}  // namespace parley
