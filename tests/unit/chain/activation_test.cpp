// Rules that begin at a height: a block below it may break them, the block of that height may not.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

constexpr Height kNever{1'000'000};

// Only the rules that a test names are active on this chain.
ChainParams params_with(const std::function<void(ActivationHeights&)>& change) {
    ChainParams params = regtest_params();
    params.activation.bip34 = kNever;
    params.activation.bip65 = kNever;
    params.activation.bip66 = kNever;
    params.activation.csv = kNever;
    change(params.activation);
    return params;
}

using MakeBlock = std::function<BlockRef(TestChain&)>;

// The verdict on a block that breaks the rule, just below the height and at it.
std::pair<std::string, std::string> verdicts(const ChainParams& params, int32_t height,
                                             const MakeBlock& make) {
    TestChain chain(params);
    chain.mine(height - 2);
    const std::string below = chain.verdict(make(chain));
    EXPECT_EQ(chain->index().tip().height, Height{height - 1});
    return {below, chain.verdict(make(chain))};
}

MakeBlock with_version(int32_t version) {
    return [version](TestChain& chain) {
        Block block = *chain.build(chain->index().tip());
        block.header.version = version;
        return resolve(std::move(block), chain.params());
    };
}

// A coin of another early block each time, which is mature from block 104 on.
OutPoint mature_coin(TestChain& chain) {
    return coinbase_outpoint(chain.block(chain->index().tip().height + -102));
}

using Pair = std::pair<std::string, std::string>;

TEST(Activation, bip34_asks_for_the_height_from_its_block_on) {
    const auto params = params_with([](auto& heights) { heights.bip34 = Height{5}; });
    const MakeBlock without_height = [](TestChain& chain) {
        Block block = *chain.build(chain->index().tip());
        TransactionData coinbase = block.transactions[0]->data();
        coinbase.inputs[0].script_sig = Script{Bytes{OP_0, OP_0}};
        block.transactions[0] = make_transaction(std::move(coinbase));
        return resolve(std::move(block), chain.params());
    };
    EXPECT_EQ(verdicts(params, 5, without_height), Pair("", "bad-cb-height"));
}

TEST(Activation, each_version_ends_with_the_block_of_its_successor) {
    const auto params = params_with([](auto& heights) {
        heights.bip34 = Height{5};
        heights.bip66 = Height{8};
        heights.bip65 = Height{11};
    });
    EXPECT_EQ(verdicts(params, 5, with_version(1)), Pair("", "bad-version(0x00000001)"));
    EXPECT_EQ(verdicts(params, 8, with_version(2)), Pair("", "bad-version(0x00000002)"));
    EXPECT_EQ(verdicts(params, 11, with_version(3)), Pair("", "bad-version(0x00000003)"));
}

TEST(Activation, bip113_looks_at_the_median_time_from_its_block_on) {
    const auto params = params_with([](auto& heights) { heights.csv = Height{105}; });
    const MakeBlock locked = [](TestChain& chain) {
        // Before, the block's own time counts, which is later than the median.
        TransactionData data = spend_true({mature_coin(chain)}, Amount{1})->data();
        data.version = 1;
        data.inputs[0].sequence = 0;
        data.locktime = static_cast<uint32_t>(chain->index().tip().median_time_past());
        BlockPlan plan;
        plan.transactions = {make_transaction(std::move(data))};
        return chain.build(chain->index().tip(), plan);
    };
    EXPECT_EQ(verdicts(params, 105, locked), Pair("", "bad-txns-nonfinal"));
}

TEST(Activation, bip68_locks_from_its_block_on) {
    const auto params = params_with([](auto& heights) { heights.csv = Height{105}; });
    const MakeBlock locked = [](TestChain& chain) {
        BlockPlan plan;
        plan.transactions = {spend_true({mature_coin(chain)}, Amount{1}, 1, 1'000)};
        return chain.build(chain->index().tip(), plan);
    };
    EXPECT_EQ(verdicts(params, 105, locked), Pair("", "bad-txns-nonfinal"));
}

}  // namespace
}  // namespace parley
