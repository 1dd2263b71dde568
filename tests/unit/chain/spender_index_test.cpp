// The index of spending transactions.
#include "chain/state/indexes/spender_index.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

class SpenderIndexTest : public ::testing::Test {
 protected:
    SpenderIndexTest() : index(store, *chain, log) {
        chain.mine(105);
        EXPECT_TRUE(index.open());
        catch_up();
    }

    void catch_up() {
        while (!index.synced() && !index.failure()) index.step();
        EXPECT_FALSE(index.failure());
    }
    OutPoint coinbase(int32_t height) { return coinbase_outpoint(chain.block(Height{height})); }
    BlockRef add(std::vector<TransactionRef> transactions, uint64_t extra_nonce = 0) {
        BlockPlan plan;
        plan.transactions = std::move(transactions);
        plan.extra_nonce = extra_nonce;
        const BlockRef block = chain.build(chain->index().tip(), plan);
        chain.add(block);
        catch_up();
        return block;
    }
    /// The txid of the spender in the index; empty: none.
    std::optional<Txid> spender(const OutPoint& outpoint) {
        const auto found = index.find(outpoint);
        EXPECT_TRUE(found.has_value());
        if (!found || !*found) return std::nullopt;
        return (*found)->transaction->txid();
    }

    TestChain chain;
    MemoryStorage store;
    NullLog log;
    SpenderIndex index;
};

TEST_F(SpenderIndexTest, every_input_of_a_block_names_its_spender) {
    const auto both = spend_true({coinbase(1), coinbase(2)}, Amount{5}, 2);
    const auto child = spend_true({{both->txid(), 1}}, Amount{4});
    const BlockRef block = add({both, child});
    EXPECT_EQ(spender(coinbase(1)), both->txid());
    EXPECT_EQ(spender(coinbase(2)), both->txid());
    EXPECT_EQ(spender({both->txid(), 1}), child->txid());
    EXPECT_EQ((*index.find(coinbase(1)))->block, block->header.hash());
    EXPECT_EQ(spender({both->txid(), 0}), std::nullopt);
    EXPECT_EQ(spender(coinbase(3)), std::nullopt);
    // A coinbase spends nothing, although its input has an outpoint.
    EXPECT_EQ(spender(OutPoint{Txid{}, UINT32_MAX}), std::nullopt);
}

TEST_F(SpenderIndexTest, disconnected_blocks_count_until_others_take_their_place) {
    const auto first = spend_true({coinbase(1)}, Amount{1});
    const auto child = spend_true({{first->txid(), 0}}, Amount{1});
    const BlockRef left = add({first, child});
    ASSERT_TRUE(chain->invalidate(left->header.hash()));
    chain.activate();
    ASSERT_EQ(chain->index().tip().height, Height{105});
    catch_up();
    EXPECT_TRUE(index.synced());
    EXPECT_EQ(index.best().hash, left->header.hash());
    EXPECT_EQ(spender({first->txid(), 0}), child->txid());

    const auto second = spend_true({coinbase(1)}, Amount{2});
    add({second}, 1);
    EXPECT_EQ(spender(coinbase(1)), second->txid());
    EXPECT_EQ(spender({first->txid(), 0}), std::nullopt);

    // The first branch comes back, with a block more.
    ASSERT_TRUE(chain->reconsider(left->header.hash()));
    chain.extend(*chain->index().find(left->header.hash()), 1);
    chain.activate();
    catch_up();
    EXPECT_EQ(spender(coinbase(1)), first->txid());
    EXPECT_EQ(spender({first->txid(), 0}), child->txid());
}

TEST_F(SpenderIndexTest, transaction_that_does_not_spend_the_output_is_damage) {
    const auto spend = spend_true({coinbase(1)}, Amount{1});
    const auto other = spend_true({coinbase(2)}, Amount{1});
    add({spend, other});
    const auto key = [](const OutPoint& outpoint) {
        Writer writer;
        writer.u8('s').hash(outpoint.txid).le(outpoint.index);
        return writer.take();
    };
    WriteBatch damage;
    damage.put(key(coinbase(1)), **store.get(key(coinbase(2))));
    damage.put(key(coinbase(2)), Bytes(19, 0));
    store.commit(std::move(damage), Durability::written);
    for (const int32_t height : {1, 2}) {
        const auto found = index.find(coinbase(height));
        ASSERT_FALSE(found.has_value());
        EXPECT_EQ(found.error().code, StorageError::Code::corruption);
    }
}

}  // namespace
}  // namespace parley
