// Blocks whose scripts are still being checked when activate_best_chain() returns.
#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/chain/test_chain.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

constexpr int kMaturity = 100;

// A block behind `parent` that spends the coinbase of a mature block; with a script that fails, or
// without.
BlockRef spending_block(TestChain& chain, const HeaderNode& parent, Height from, bool good,
                        uint64_t extra_nonce = 0) {
    TransactionData data =
        spend_true({coinbase_outpoint(chain.block(from))}, Amount{50 * kCoin})->data();
    if (!good) data.inputs[0].script_sig = Script{Bytes{OP_RETURN}};
    BlockPlan plan;
    plan.transactions = {make_transaction(std::move(data))};
    plan.extra_nonce = extra_nonce;
    return chain.build(parent, plan);
}

ChainUpdate begin(TestChain& chain, const BlockRef& block) {
    EXPECT_EQ(chain.accept(block).state, BlockResult::State::accepted);
    return chain->activate_best_chain(Settle::but_last);
}

TEST(Settle, last_block_is_no_part_of_the_chain_until_it_is_settled) {
    TestChain chain;
    const HeaderNode& base = chain.mine(kMaturity);
    const auto first = spending_block(chain, base, Height{1}, true);
    auto update = begin(chain, first);
    EXPECT_TRUE(update.unsettled);
    EXPECT_FALSE(update.changed());
    EXPECT_EQ(&chain->tip(), &base);
    EXPECT_TRUE(chain.coin(coinbase_outpoint(chain.block(Height{1}))).has_value());
    // The next one may spend what the unsettled one has made.
    BlockPlan plan;
    plan.transactions = {spend_true({{first->transactions[1]->txid(), 0}}, Amount{49 * kCoin})};
    const auto second = chain.build(*chain->find(first->header.hash()), plan);
    update = begin(chain, second);
    ASSERT_EQ(update.connected.size(), 1u);
    EXPECT_EQ(update.connected[0].block, first);
    EXPECT_TRUE(update.unsettled);
    update = chain->activate_best_chain(Settle::but_last);
    ASSERT_EQ(update.connected.size(), 1u) << "nothing was added: it is settled";
    EXPECT_EQ(update.connected[0].block, second);
    EXPECT_EQ(update.connected[0].undo->spent[0][0].output.value, Amount{50 * kCoin});
    EXPECT_FALSE(update.unsettled);
    EXPECT_TRUE(chain.coin({plan.transactions[0]->txid(), 0}).has_value());
    EXPECT_FALSE(chain.coin({first->transactions[1]->txid(), 0}).has_value());
}

TEST(Settle, failed_scripts_take_the_blocks_above_along) {
    TestChain chain;
    const HeaderNode& base = chain.mine(kMaturity);
    const auto bad = spending_block(chain, base, Height{1}, false);
    EXPECT_TRUE(begin(chain, bad).unsettled);
    const HeaderNode& node = *chain->find(bad->header.hash());
    const auto update = begin(chain, chain.build(node));
    ASSERT_EQ(update.invalid.size(), 1u);
    EXPECT_EQ(update.invalid[0].node, &node);
    EXPECT_TRUE(update.invalid[0].error.reason.starts_with("block-script-verify-flag-failed"));
    EXPECT_NE(update.invalid[0].error.detail.find("input 0 of " +
                                                  bad->transactions[1]->txid().to_string()),
              std::string::npos);
    EXPECT_FALSE(update.unsettled);
    EXPECT_EQ(&chain->tip(), &base);
    EXPECT_TRUE(chain.coin(coinbase_outpoint(chain.block(Height{1}))).has_value());
}

TEST(Settle, invalid_block_on_an_unsettled_one_is_the_only_one_that_is_refused) {
    TestChain chain;
    const HeaderNode& base = chain.mine(kMaturity);
    const auto good = spending_block(chain, base, Height{1}, true);
    EXPECT_TRUE(begin(chain, good).unsettled);
    BlockPlan twice;  // spends the same coin
    twice.transactions = {good->transactions[1]};
    const auto bad = chain.build(*chain->find(good->header.hash()), twice);
    const auto update = begin(chain, bad);
    ASSERT_EQ(update.invalid.size(), 1u);
    EXPECT_EQ(update.invalid[0].node->hash, bad->header.hash());
    ASSERT_EQ(update.connected.size(), 1u);
    EXPECT_EQ(chain->tip().hash, good->header.hash());
}

TEST(Settle, block_that_is_invalidated_by_hand_is_dropped) {
    TestChain chain;
    const HeaderNode& base = chain.mine(kMaturity);
    const auto block = spending_block(chain, base, Height{1}, true);
    EXPECT_TRUE(begin(chain, block).unsettled);
    ASSERT_TRUE(chain->invalidate(block->header.hash()));
    const auto update = chain->activate_best_chain();
    EXPECT_FALSE(update.changed() || update.unsettled);
    EXPECT_EQ(&chain->tip(), &base);
    ASSERT_TRUE(chain->reconsider(block->header.hash()));
    EXPECT_EQ(chain.activate().connected.size(), 1u);
}

TEST(Settle, stop_forgets_the_verdict_but_not_the_block) {
    TestChain chain;
    const HeaderNode& base = chain.mine(kMaturity);
    const auto block = spending_block(chain, base, Height{1}, true);
    EXPECT_TRUE(begin(chain, block).unsettled);
    chain->flush(Durability::synced);
    chain.restart();
    EXPECT_EQ(chain->tip().hash, block->header.hash());
}

// Branches, invalid blocks and invalidation, settled early or late: the same chain and coins.
TEST(Settle, order_of_settling_does_not_show) {
    SeededRandom random(test_seed());
    for (int round = 0; round < 20; ++round) {
        TestChain late;
        TestChain early;
        for (TestChain* chain : {&late, &early}) chain->mine(kMaturity);
        std::vector<BlockHash> known{late->tip().hash};
        for (int step = 0; step < 40; ++step) {
            const size_t back = random.uniform(std::min<size_t>(known.size(), 4));
            const HeaderNode& parent = *late->find(known[known.size() - 1 - back]);
            const Height from{1 + static_cast<int32_t>(random.uniform(12))};
            const auto block = spending_block(late, parent, from, random.uniform(6) != 0,
                                              static_cast<uint64_t>(step));
            const auto result = late.accept(block);
            EXPECT_EQ(early.accept(block).state, result.state);
            if (result.node != nullptr) known.push_back(result.node->hash);
            late->activate_best_chain(Settle::but_last);
            early.activate();
            if (random.uniform(8) == 0) {
                const BlockHash& hash = known[random.uniform(known.size())];
                for (TestChain* chain : {&late, &early}) (void)(*chain)->invalidate(hash);
            }
        }
        late.activate();
        early.activate();
        ASSERT_EQ(late->tip().hash, early->tip().hash);
        EXPECT_EQ(all_coins(*late), all_coins(*early));
    }
}

}  // namespace
}  // namespace parley
