#include "chain/state/indexes/tx_index.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

class TxIndexTest : public ::testing::Test {
 protected:
    TxIndexTest() { chain.mine(150); }

    std::unique_ptr<TxIndex> open() {
        auto index = std::make_unique<TxIndex>(store, *chain, log);
        EXPECT_TRUE(index->open());
        return index;
    }
    static int catch_up(TxIndex& index) {
        int steps = 0;
        for (; !index.synced() && !index.failure(); ++steps) index.step();
        return steps;
    }

    TestChain chain;
    MemoryStorage store;
    NullLog log;
};

TEST_F(TxIndexTest, catches_up_in_steps_and_finds_every_transaction) {
    const auto index_owner = open();
    TxIndex& index = *index_owner;
    EXPECT_EQ(index.best().height, Height{0});
    EXPECT_GT(catch_up(index), 1);
    BlockPlan plan;
    for (int32_t height = 1; height <= 3; ++height)
        plan.transactions.push_back(
            spend_true({coinbase_outpoint(chain.block(Height{height}))}, Amount{height}));
    const auto block = chain.build(chain->index().tip(), plan);
    chain.add(block);
    EXPECT_FALSE(index.synced());
    EXPECT_FALSE(index.find(plan.transactions[0]->txid()).value().has_value());
    catch_up(index);
    for (const auto& transaction : block->transactions) {
        const auto found = index.find(transaction->txid()).value();
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(found->transaction->wtxid(), transaction->wtxid());
        EXPECT_EQ(found->block, block->header.hash());
    }
    EXPECT_FALSE(index.find(Txid{}).value().has_value());
    // A second index over the same store continues where the first one stopped.
    const auto again_owner = open();
    TxIndex& again = *again_owner;
    EXPECT_TRUE(again.synced());
    EXPECT_TRUE(again.find(block->transactions[2]->txid()).value().has_value());
}

TEST_F(TxIndexTest, follows_a_reorganisation) {
    const auto index_owner = open();
    TxIndex& index = *index_owner;
    catch_up(index);
    const auto spend = spend_true({coinbase_outpoint(chain.block(Height{1}))}, Amount{1});
    BlockPlan plan;
    plan.transactions = {spend};
    const HeaderNode& fork = chain->index().tip();
    const auto left = chain.build(fork, plan);
    chain.add(left);
    catch_up(index);
    EXPECT_EQ(index.find(spend->txid()).value()->block, left->header.hash());
    plan.extra_nonce = 1;
    const auto joined = chain.build(fork, plan);
    chain.accept(joined);
    chain.extend(*chain->index().find(joined->header.hash()), 1);
    chain.activate();
    catch_up(index);
    EXPECT_EQ(index.best().hash, chain->index().tip().hash);
    EXPECT_EQ(index.find(spend->txid()).value()->block, joined->header.hash());
}

TEST_F(TxIndexTest, unknown_best_block_begins_anew_and_foreign_or_damaged_stores_are_refused) {
    WriteBatch batch;
    batch.put(Bytes{'B'}, Bytes(32, 9));
    store.commit(std::move(batch), Durability::written);
    const auto index_owner = open();
    TxIndex& index = *index_owner;
    EXPECT_EQ(index.best().height, Height{0});
    catch_up(index);
    EXPECT_TRUE(open()->synced());
    const auto txid = chain.block(Height{7})->transactions[0]->txid();
    Bytes key{'t'};
    append(key, txid.span());
    Bytes record = **store.get(key);
    record[12] ^= 1;  // another offset in the block
    WriteBatch damage;
    damage.put(key, record);
    store.commit(std::move(damage), Durability::written);
    const auto found = index.find(txid);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, StorageError::Code::corruption);
    TestChain other(labnet_params({}));
    TxIndex foreign(store, *other, log);
    const auto opened = foreign.open();
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().find("another chain"), std::string::npos);
}

}  // namespace
}  // namespace parley
