// BIP30: no transaction repeats one whose outputs are unspent; where the rule needs no look, and
// the blocks of history that broke it.
#include <gtest/gtest.h>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

constexpr int32_t kRepeatedAt = 8;
constexpr int32_t kBip34At = 3;

// Before BIP34 a coinbase could already begin with the height of a block to come.
BlockRef early_block(TestChain& chain) {
    Block block = *chain.build(chain->genesis(), BlockPlan{.commitment = false});
    TransactionData coinbase = block.transactions[0]->data();
    coinbase.inputs[0].script_sig = Script{Bytes{OP_1 + kRepeatedAt - 1, OP_0}};
    coinbase.locktime = 0;
    block.transactions[0] = make_transaction(std::move(coinbase));
    return resolve(std::move(block), chain.params());
}

// A chain that is about to repeat the coinbase of its first block.
std::unique_ptr<TestChain> chain_before(const ChainParams& params) {
    auto chain = std::make_unique<TestChain>(params);
    chain->add(early_block(*chain));
    chain->mine(kRepeatedAt - 2);
    return chain;
}

BlockRef repetition(TestChain& chain) {
    Block block = *chain.build(chain->tip(), BlockPlan{.commitment = false});
    block.transactions[0] = chain.block(Height{1})->transactions[0];
    return resolve(std::move(block), chain.params());
}

ChainParams params_until(int32_t height) {
    ChainParams params = regtest_params();
    params.activation.bip34 = Height{kBip34At};
    params.bip30_needless_until = Height{height};
    params.bip34_hash = (*chain_before(params))->at_height(Height{kBip34At})->hash;
    return params;
}

std::string verdict(const ChainParams& params) {
    const auto chain = chain_before(params);
    return chain->verdict(repetition(*chain));
}

TEST(Bip30, is_looked_at_again_above_the_last_height_that_cannot_repeat) {
    EXPECT_EQ(verdict(params_until(kRepeatedAt)), "") << "no look was needed, they said";
    EXPECT_EQ(verdict(params_until(kRepeatedAt - 1)), "bad-txns-BIP30");
}

TEST(Bip30, is_needless_only_above_the_known_block_of_bip34) {
    ChainParams params = params_until(kRepeatedAt);
    params.bip34_hash = BlockHash{Hash256{{1}}};
    EXPECT_EQ(verdict(params), "bad-txns-BIP30");
}

TEST(Bip30, exception_replaces_a_coin_that_only_the_store_has) {
    ChainParams params = params_until(0);
    const auto scratch = chain_before(params);
    const auto repeated = repetition(*scratch);
    params.bip30_exceptions = {{Height{kRepeatedAt}, repeated->header.hash()}};
    const auto chain = chain_before(params);
    (*chain)->flush(Durability::synced);
    chain->restart();
    const OutPoint twice = coinbase_outpoint(repeated);
    ASSERT_EQ(chain->coin(twice)->height, Height{1});
    chain->restart();
    EXPECT_EQ(chain->verdict(repeated), "");
    EXPECT_EQ(chain->coin(twice)->height, Height{kRepeatedAt});
    ASSERT_TRUE((*chain)->invalidate(repeated->header.hash()));
    EXPECT_EQ(chain->activate().disconnected.size(), 1u);
    EXPECT_FALSE(chain->coin(twice)) << "the old coin is lost for good";
    (*chain)->flush(Durability::synced);
    chain->restart();
    EXPECT_FALSE(chain->coin(twice));
}

}  // namespace
}  // namespace parley
