// The index of the UTXO set after each block, against the set itself.
#include "chain/state/indexes/coin_stats_index.h"

#include <gtest/gtest.h>

#include <memory>

#include "chain/state/indexes/chain_indexes.h"
#include "chain/store/coin_codec.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

class CoinStatsIndexTest : public ::testing::Test {
 protected:
    CoinStatsIndexTest() { chain.mine(103); }

    std::unique_ptr<CoinStatsIndex> open() {
        auto index = std::make_unique<CoinStatsIndex>(store, *chain, log);
        EXPECT_TRUE(index->open());
        while (!index->synced() && !index->failure()) index->step();
        EXPECT_FALSE(index->failure());
        return index;
    }
    const HeaderNode& add(const BlockPlan& plan) {
        chain.add(chain.build(chain->index().tip(), plan));
        return chain->index().tip();
    }
    static CoinStats after(const CoinStatsIndex& index, const HeaderNode& node) {
        const auto found = index.find(node);
        EXPECT_TRUE(found.has_value() && found->has_value());
        return **found;
    }
    /// Of the set as it is now.
    CoinStats counted() {
        CoinStats stats;
        for (const auto& [outpoint, coin] : all_coins(*chain)) {
            ++stats.outputs;
            stats.amount += coin.output.value;
            stats.bogosize += 50 + coin.output.script_pubkey.size();
            stats.hash.insert(serialize_hashed_coin(outpoint, coin));
        }
        return stats;
    }
    void expect_as_counted(const CoinStats& stats) {
        const CoinStats expected = counted();
        EXPECT_EQ(stats.outputs, expected.outputs);
        EXPECT_EQ(stats.amount, expected.amount);
        EXPECT_EQ(stats.bogosize, expected.bogosize);
        EXPECT_EQ(stats.hash.digest(), expected.hash.digest());
    }
    static TransactionRef pay(const OutPoint& from, std::vector<TxOutput> outputs) {
        TransactionData data;
        data.inputs.push_back(TxInput{from, Script{}, TxInput::kSequenceFinal, {}});
        data.outputs = std::move(outputs);
        return make_transaction(std::move(data));
    }

    static constexpr int64_t kSubsidy = 50 * kCoin;

    TestChain chain;
    MemoryStorage store;
    NullLog log;
};

TEST_F(CoinStatsIndexTest, every_block_has_the_set_after_it) {
    const auto both = spend_true({coinbase_outpoint(chain.block(Height{1}))}, Amount{7}, 3);
    add({.transactions = {both, spend_true({{both->txid(), 1}}, Amount{3})}});
    const auto index = open();
    expect_as_counted(after(*index, chain->index().tip()));
    const CoinStats middle = after(*index, *chain->index().at_height(Height{50}));
    EXPECT_EQ(middle.outputs, 50u);
    EXPECT_EQ(middle.amount, Amount{50 * kSubsidy});
    // Another start continues from the record.
    add({});
    const auto again = open();
    expect_as_counted(after(*again, chain->index().tip()));
}

TEST_F(CoinStatsIndexTest, money_that_leaves_circulation_is_named) {
    const auto spend =
        pay(coinbase_outpoint(chain.block(Height{1})),
            {{Amount{kSubsidy - 30}, op_true()}, {Amount{20}, Script{Bytes{OP_RETURN, 1, 7}}}});
    // The fee is 10, of which the coinbase claims 4.
    add({.transactions = {spend}, .fees = Amount{4}});
    const auto index = open();
    const CoinStats stats = after(*index, chain->index().tip());
    EXPECT_EQ(stats.block.prevouts_spent, Amount{kSubsidy});
    EXPECT_EQ(stats.block.new_outputs, Amount{kSubsidy - 30});
    EXPECT_EQ(stats.block.coinbase, Amount{kSubsidy + 4});
    EXPECT_EQ(stats.block.scripts, Amount{20});
    EXPECT_EQ(stats.block.unclaimed, Amount{6});
    EXPECT_EQ(stats.block.unspendable(), Amount{26});
    EXPECT_EQ(stats.unspendable, Amount{kSubsidy + 26});

    const CoinStats genesis = after(*index, chain->index().genesis());
    EXPECT_EQ(genesis.block.genesis, Amount{kSubsidy});
    EXPECT_EQ(genesis.unspendable, Amount{kSubsidy});
    EXPECT_EQ(genesis.outputs, 0u);
}

TEST_F(CoinStatsIndexTest, branches_have_records_of_their_own) {
    const HeaderNode& fork = chain->index().tip();
    const auto spend = spend_true({coinbase_outpoint(chain.block(Height{1}))}, Amount{1});
    const HeaderNode& left = add({.transactions = {spend}});
    const auto index = open();
    const Hash256 before = after(*index, left).hash.digest();
    chain.extend(fork, 2, 1);
    chain.activate();
    while (!index->synced()) index->step();
    ASSERT_NE(chain->index().at_height(left.height), &left);
    expect_as_counted(after(*index, chain->index().tip()));
    EXPECT_EQ(after(*index, left).hash.digest(), before);
}

TEST_F(CoinStatsIndexTest, malformed_record_is_damage) {
    const auto index = open();
    const HeaderNode& tip = chain->index().tip();
    Bytes key{'c'};
    append(key, tip.hash.span());
    Bytes record = **store.get(key);
    EXPECT_EQ(record.size(), 856u);
    record.pop_back();
    WriteBatch damage;
    damage.put(key, record);
    store.commit(std::move(damage), Durability::written);
    ASSERT_FALSE(index->find(tip).has_value());
    EXPECT_EQ(index->find(tip).error().code, StorageError::Code::corruption);
}

TEST_F(CoinStatsIndexTest, indexes_are_those_with_a_store) {
    IndexStores stores{};
    stores[static_cast<size_t>(IndexKind::coin_stats)] = &store;
    ChainIndexes indexes(stores, *chain, log);
    ASSERT_TRUE(indexes.open());
    EXPECT_EQ(indexes.all().size(), 1u);
    EXPECT_EQ(indexes.transactions(), nullptr);
    EXPECT_EQ(indexes.filters(), nullptr);
    EXPECT_EQ(indexes.spenders(), nullptr);
    ASSERT_NE(indexes.coin_stats(), nullptr);
    EXPECT_FALSE(indexes.idle());
    while (!indexes.idle()) indexes.step();
    EXPECT_EQ(indexes.failure(), nullptr);
    expect_as_counted(after(*indexes.coin_stats(), chain->index().tip()));
}

}  // namespace
}  // namespace parley
