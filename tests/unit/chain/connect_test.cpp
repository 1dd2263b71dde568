// connect_block and disconnect_block against coins that no chain can have: too much money, and
// coins that do not fit the block.
#include <gtest/gtest.h>

#include <set>

#include "base/storage/memory_storage.h"
#include "chain/rules/block_rules.h"
#include "chain/script/script_cache.h"
#include "chain/state/coins_cache.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

TEST(ConnectBlock, sum_of_the_fees_is_bounded) {
    TestChain chain;
    InlineScriptVerifier verifier;
    const MemoryStorage storage;
    const CoinsCache nothing(storage, OutPointHash(1, 2));
    // Each transaction pays less than all the money, both together more.
    const OutPoint first{Txid{Hash256{{1}}}, 0};
    const OutPoint second{Txid{Hash256{{2}}}, 0};
    const Coin rich{TxOutput{kMaxMoney, op_true()}, Height{0}, false};
    const auto reason = [&](Amount left) {
        CoinsOverlay overlay(nothing, nothing.hash());
        overlay.add(first, rich);
        overlay.add(second, rich);
        BlockPlan plan;
        plan.transactions = {spend_true({first}, Amount{1}), spend_true({second}, left)};
        const auto block = chain.build(chain->index().genesis(), plan);
        const ConnectContext context{chain.params(), chain->index().genesis(),
                                     block->header.hash()};
        EXPECT_TRUE(load_coins_to_connect(context, *block, overlay));
        const auto undo = connect_block(context, *block, overlay, verifier);
        return undo ? std::string{} : undo.error().reason;
    };
    EXPECT_EQ(reason(Amount{kMaxMoney.value() - 1}), "");
    EXPECT_EQ(reason(Amount{kMaxMoney.value() - 2}), "bad-txns-accumulated-fee-outofrange");
}

TEST(ConnectBlock, sigops_are_counted_under_the_blocks_own_rules) {
    TestChain chain;
    ChainParams params = regtest_params();
    InlineScriptVerifier verifier;
    const MemoryStorage storage;
    const CoinsCache nothing(storage, OutPointHash(1, 2));
    // Each redeem script holds 500 signature checks, at a cost of four.
    const Bytes redeem(500, OP_CHECKSIG);
    BlockPlan plan;
    TransactionData data;
    CoinsOverlay coins(nothing, nothing.hash());
    for (uint32_t i = 0; i < 41; ++i) {
        const OutPoint outpoint{Txid{Hash256{{1}}}, i};
        coins.add(outpoint,
                  Coin{TxOutput{Amount{1}, p2sh_script(hash160(redeem))}, Height{0}, false});
        data.inputs.push_back(TxInput{outpoint, ScriptBuilder{}.push(redeem).build(), 0, {}});
    }
    data.outputs = {TxOutput{Amount{1}, op_true()}};
    plan.transactions = {make_transaction(data)};
    const auto block = chain.build(chain->index().genesis(), plan);
    const BlockHash hash = block->header.hash();
    const auto reason = [&] {
        CoinsOverlay overlay(coins, nothing.hash());
        ConnectContext context{params, chain->index().genesis(), hash};
        context.check_scripts = false;
        EXPECT_TRUE(load_coins_to_connect(context, *block, overlay));
        const auto undo = connect_block(context, *block, overlay, verifier);
        return undo ? std::string{} : undo.error().reason;
    };
    EXPECT_EQ(reason(), "bad-blk-sigops");
    params.script_flag_exceptions = {{hash, kVerifyNone}};
    EXPECT_EQ(reason(), "") << "to such a block a redeem script is nothing but data";
}

TEST(ScriptErrorOf, names_the_input_whose_check_failed) {
    const OutPoint spent{Txid{Hash256{{1}}}, 0};
    const TransactionRef transactions[] = {spend_true({spent, spent}, Amount{1}),
                                           spend_true({spent}, Amount{2}),
                                           spend_true({spent, spent}, Amount{3})};
    const auto expect = [&](size_t check, size_t transaction, size_t input) {
        std::vector<ScriptCheck> checks;
        for (const TransactionRef& each : transactions) {
            std::vector<TxOutput> outputs;
            for (size_t i = 0; i < each->inputs().size(); ++i) {
                const bool bad = checks.size() + i == check;
                outputs.push_back({Amount{1}, bad ? Script{Bytes{OP_RETURN}} : op_true()});
            }
            add_script_checks(each, std::move(outputs), kConsensusScriptFlags, false, checks);
        }
        InlineScriptVerifier verifier;
        const auto failure = verifier.verify_all(std::move(checks));
        ASSERT_TRUE(failure.has_value());
        EXPECT_EQ(failure->check, check);
        const std::string text = "input " + std::to_string(input) + " of " +
                                 transactions[transaction]->txid().to_string();
        EXPECT_EQ(script_error_of(*failure).detail.substr(0, text.size()), text) << check;
    };
    expect(0, 0, 0);
    expect(1, 0, 1);
    expect(2, 1, 0);
    expect(3, 2, 0);
    expect(4, 2, 1);
}

TEST(ConnectBlock, rules_of_an_active_deployment_hold) {
    ChainParams params = regtest_params();
    const auto verdict = [&] {
        TestChain chain(params);
        chain.mine(101);
        TransactionData data =
            spend_true({coinbase_outpoint(chain.block(Height{1}))}, Amount{1})->data();
        data.inputs[0].script_sig = Script{Bytes{OP_TRUE}};  // leaves a second item
        BlockPlan plan;
        plan.transactions = {make_transaction(std::move(data))};
        return chain.verdict(chain.build(chain->index().tip(), plan));
    };
    EXPECT_EQ(verdict(), "");
    Deployment clean;
    clean.start_time = Deployment::kAlwaysActive;
    clean.script_flags = kVerifyCleanStack;
    params.deployments = {clean};
    EXPECT_EQ(verdict().substr(0, 31), "block-script-verify-flag-failed");
}

// A script cache that stores the entries of the test.
class KnownScripts final : public ScriptVerifier, public ScriptCache {
 public:
    std::unique_ptr<ScriptRun> begin() override { return inline_.begin(); }
    ScriptCache* cache() override { return this; }
    bool contains(const Wtxid& wtxid, ScriptFlags flags) override {
        return known_.contains({wtxid, flags});
    }
    void insert(const Wtxid& wtxid, ScriptFlags flags) override { known_.insert({wtxid, flags}); }

 private:
    InlineScriptVerifier inline_;
    std::set<std::pair<Wtxid, ScriptFlags>> known_;
};

// Scripts that fail, but are said to be known, show whether they run.
TEST(ConnectBlock, scripts_of_known_transactions_run_under_other_rules_only) {
    TestChain chain;
    chain.mine(102);
    BlockPlan plan;
    for (const int32_t height : {1, 2}) {
        TransactionData data =
            spend_true({coinbase_outpoint(chain.block(Height{height}))}, Amount{1})->data();
        data.inputs[0].script_sig = Script{Bytes{OP_RETURN}};
        plan.transactions.push_back(make_transaction(std::move(data)));
    }
    const auto block = chain.build(chain->index().tip(), plan);
    KnownScripts verifier;
    const auto verdict = [&](ScriptCache* cache) {
        CoinsOverlay overlay(chain->coins(), OutPointHash(1, 2));
        const ConnectContext context{
            chain.params(), chain->index().tip(), block->header.hash(), kVerifyNone, true, cache};
        EXPECT_TRUE(load_coins_to_connect(context, *block, overlay));
        const auto undo = connect_block(context, *block, overlay, verifier);
        return undo ? std::string{} : undo.error().detail;
    };
    const auto names = [&](const std::string& detail, size_t position) {
        return detail.starts_with("input 0 of " + plan.transactions[position]->txid().to_string());
    };
    EXPECT_TRUE(names(verdict(&verifier), 0));
    verifier.insert(plan.transactions[0]->wtxid(), kConsensusScriptFlags & ~kVerifyTaproot);
    EXPECT_TRUE(names(verdict(&verifier), 0));
    verifier.insert(plan.transactions[0]->wtxid(), kConsensusScriptFlags);
    EXPECT_TRUE(names(verdict(&verifier), 1)) << "the first is left out";
    EXPECT_TRUE(names(verdict(nullptr), 0));
    verifier.insert(plan.transactions[1]->wtxid(), kConsensusScriptFlags);
    EXPECT_EQ(verdict(&verifier), "");
}

// The tip of a chain, which spends a coin, and an overlay on which it can be disconnected.
class DisconnectBlock : public ::testing::Test {
 protected:
    DisconnectBlock() {
        chain.mine(101);
        spent = coinbase_outpoint(chain.block(Height{1}));
        BlockPlan plan;
        plan.transactions = {spend_true({spent}, Amount{7}, 2)};
        block = chain.build(chain->index().tip(), plan);
        chain.add(block);
        made = {block->transactions[1]->txid(), 1};
        undo = *chain->read_undo(chain->index().tip());
        load();
    }
    // A fresh overlay.
    void load() {
        overlay = std::make_unique<CoinsOverlay>(chain->coins(), OutPointHash(1, 2));
        ASSERT_TRUE(load_coins_to_disconnect(*block, chain->index().tip().height, *overlay));
    }
    bool disconnect() {
        return disconnect_block(chain.params(), *block, chain->index().tip().height, undo,
                                *overlay);
    }

    TestChain chain;
    OutPoint spent;
    OutPoint made;
    BlockRef block;
    BlockUndo undo;
    std::unique_ptr<CoinsOverlay> overlay;
};

TEST_F(DisconnectBlock, takes_back_what_the_block_made_and_spent) {
    EXPECT_TRUE(disconnect());
    EXPECT_FALSE(overlay->contains(made));
    EXPECT_EQ(overlay->spend(spent), undo.spent[0][0]);
}

TEST_F(DisconnectBlock, coin_that_is_not_as_the_block_made_it_is_noticed) {
    for (const Coin& other :
         {Coin{TxOutput{Amount{8}, op_true()}, chain->index().tip().height, false},
          Coin{TxOutput{Amount{7}, op_true()}, Height{1}, false},
          Coin{TxOutput{Amount{7}, op_true()}, chain->index().tip().height, true}}) {
        load();
        overlay->spend(made);
        overlay->add(made, other);
        EXPECT_FALSE(disconnect());
    }
}

TEST_F(DisconnectBlock, spent_coin_that_is_there_is_noticed) {
    overlay->add(spent, undo.spent[0][0]);
    EXPECT_FALSE(disconnect());
}

TEST_F(DisconnectBlock, undo_data_of_another_block_is_noticed) {
    const BlockUndo good = undo;
    undo.spent.emplace_back();
    EXPECT_FALSE(disconnect());
    undo = good;
    undo.spent[0].push_back(undo.spent[0][0]);
    EXPECT_FALSE(disconnect());
}

}  // namespace
}  // namespace parley
