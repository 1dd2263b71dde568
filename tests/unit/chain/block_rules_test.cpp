// Blocks that break one rule each, through the whole path, with bitcoind's words for it.
#include "chain/rules/block_rules.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/crypto/sha256.h"
#include "chain/primitives/consensus_limits.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

using Change = std::function<void(Block&)>;

void edit_coinbase(Block& block, const std::function<void(TransactionData&)>& change) {
    TransactionData data = block.transactions[0]->data();
    change(data);
    block.transactions[0] = make_transaction(std::move(data));
}

// A chain with mature coins, on which every test builds one block.
class BlockRules : public ::testing::Test {
 protected:
    BlockRules() { chain.mine(110); }

    OutPoint coin(int32_t height) { return coinbase_outpoint(chain.block(Height{height})); }

    BlockRef changed(const Change& change, const BlockPlan& plan = {}) {
        Block block = *chain.build(chain->index().tip(), plan);
        change(block);
        return resolve(std::move(block), chain.params());
    }
    std::string verdict(const Change& change, const BlockPlan& plan = {}) {
        return chain.verdict(changed(change, plan));
    }
    std::string verdict_of_transactions(std::vector<TransactionRef> transactions) {
        BlockPlan plan;
        plan.transactions = std::move(transactions);
        return chain.verdict(chain.build(chain->index().tip(), plan));
    }

    TestChain chain;
};

TEST_F(BlockRules, wrong_merkle_root_says_nothing_about_the_header) {
    const auto good = chain.build(chain->index().tip());
    Block bad = *good;
    edit_coinbase(bad, [](TransactionData& data) { data.outputs[0].value = Amount{1}; });
    const auto result = chain.accept(std::make_shared<const Block>(bad));
    EXPECT_EQ(result.error->reason, "bad-txnmrklroot");
    EXPECT_EQ(result.error->kind, BlockErrorKind::mutated);
    EXPECT_EQ(chain.verdict(good), "") << "the real body is still welcome";
}

TEST_F(BlockRules, repeated_transactions_with_the_same_root_are_a_mutation) {
    BlockPlan plan;
    plan.transactions = {spend_true({coin(1)}, Amount{1}), spend_true({coin(2)}, Amount{2})};
    const auto good = chain.build(chain->index().tip(), plan);
    Block bad = *good;
    bad.transactions.push_back(bad.transactions.back());  // three leaves hash like these four
    ASSERT_EQ(block_merkle_root(bad), bad.header.merkle_root);
    const auto result = chain.accept(std::make_shared<const Block>(bad));
    EXPECT_EQ(result.error->reason, "bad-txns-duplicate");
    EXPECT_EQ(result.error->kind, BlockErrorKind::mutated);
    EXPECT_EQ(chain.verdict(good), "");
}

TEST_F(BlockRules, empty_or_oversize_block_is_refused) {
    EXPECT_EQ(verdict([](Block& block) { block.transactions.clear(); }), "bad-blk-length");
    EXPECT_EQ(
        verdict([](Block& block) {
            edit_coinbase(block, [](TransactionData& data) {
                data.outputs.push_back(TxOutput{Amount{0}, Script{Bytes(1'000'000, OP_RETURN)}});
            });
        }),
        "bad-blk-length");
}

TEST_F(BlockRules, coinbase_must_be_first_and_alone) {
    const auto spend = spend_true({coin(1)}, Amount{1});
    EXPECT_EQ(verdict([&](Block& block) { block.transactions = {spend}; }), "bad-cb-missing");
    EXPECT_EQ(verdict([&](Block& block) { block.transactions.push_back(block.transactions[0]); },
                      BlockPlan{.transactions = {spend}}),
              "bad-cb-multiple");
}

TEST_F(BlockRules, coinbase_script_of_a_bad_length_is_refused) {
    for (const size_t size : {size_t{1}, size_t{101}}) {
        EXPECT_EQ(verdict([&](Block& block) {
                      edit_coinbase(block, [&](TransactionData& data) {
                          data.inputs[0].script_sig = Script{Bytes(size, OP_0)};
                      });
                  }),
                  "bad-cb-length");
    }
}

TEST_F(BlockRules, too_many_legacy_sigops_are_refused) {
    const auto with = [&](size_t sigops) {
        return [sigops](Block& block) {
            edit_coinbase(block, [&](TransactionData& data) {
                data.outputs.push_back(TxOutput{Amount{0}, Script{Bytes(sigops, OP_CHECKSIG)}});
            });
        };
    };
    EXPECT_EQ(verdict(with(20'001)), "bad-blk-sigops");
    EXPECT_EQ(verdict(with(20'000)), "");
}

TEST_F(BlockRules, times_are_bounded_by_median_past_and_clock) {
    const int64_t median = chain->index().tip().median_time_past();
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), BlockPlan{.time = median})),
              "time-too-old");
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), BlockPlan{.time = median + 1})), "");
    const int64_t now = to_unix_seconds(chain.now());
    const auto early = chain.build(chain->index().tip(), BlockPlan{.time = now + 7201});
    const auto result = chain.accept(early);
    EXPECT_EQ(result.error->reason, "time-too-new");
    EXPECT_EQ(result.error->kind, BlockErrorKind::time_future);
    EXPECT_EQ(chain->accept_block(early, {}, chain.now() + std::chrono::seconds{1}).state,
              BlockResult::State::accepted)
        << "later it is not too new";
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), BlockPlan{.time = now + 7200})), "");
}

TEST_F(BlockRules, engine_may_allow_blocks_of_the_median_itself) {
    class MedianRules final : public WorkRules {
     public:
        using WorkRules::WorkRules;
        int64_t time_min(const HeaderNode& parent) const override {
            return parent.median_time_past();
        }
    };
    const MedianRules lenient(chain.params());
    const HeaderNode& tip = chain->index().tip();
    const int64_t median = tip.median_time_past();
    const auto reason = [&](const HeaderRules& rules, int64_t time) -> std::string {
        const BlockRef block = chain.build(tip, BlockPlan{.time = time});
        const auto verdict =
            accept_header_rules(chain.params(), rules, block->header, tip, chain.now());
        return verdict ? "" : verdict.error().reason;
    };
    EXPECT_EQ(reason(lenient, median), "");
    EXPECT_EQ(reason(lenient, median - 1), "time-too-old");
    EXPECT_EQ(reason(chain.rules(), median), "time-too-old") << "Bitcoin's rule";
    EXPECT_EQ(reason(chain.rules(), median + 1), "");
    EXPECT_EQ(block_time_min(chain.params(), lenient, tip), median);
    EXPECT_EQ(block_time_min(chain.params(), chain.rules(), tip), median + 1);
}

TEST_F(BlockRules, outdated_versions_are_refused) {
    const auto version = [&](int32_t value) {
        return verdict([value](Block& block) { block.header.version = value; });
    };
    EXPECT_EQ(version(1), "bad-version(0x00000001)");
    EXPECT_EQ(version(3), "bad-version(0x00000003)");
    EXPECT_EQ(version(-5), "bad-version(0xfffffffb)");
    EXPECT_EQ(version(4), "");
}

TEST_F(BlockRules, wrong_difficulty_or_work_is_refused) {
    EXPECT_EQ(verdict([](Block& block) { block.header.bits = 0x207ffffe; }), "bad-diffbits");
    Block lazy = *chain.build(chain->index().tip());
    while (proof_of_work_met(lazy.header.hash(), lazy.header.bits, chain.params().pow_limit))
        ++lazy.header.nonce;
    EXPECT_EQ(chain.verdict(std::make_shared<const Block>(lazy)), "high-hash");
}

TEST_F(BlockRules, non_final_transaction_is_refused) {
    const Height next = chain->index().tip().height + 1;
    const auto locked = [&](uint32_t locktime) {
        TransactionData data = spend_true({coin(1)}, Amount{1})->data();
        data.locktime = locktime;
        data.inputs[0].sequence = 0;
        return make_transaction(std::move(data));
    };
    const auto height = static_cast<uint32_t>(next.value());
    EXPECT_EQ(verdict_of_transactions({locked(height)}), "bad-txns-nonfinal");
    const auto median = static_cast<uint32_t>(chain->index().tip().median_time_past());
    EXPECT_EQ(verdict_of_transactions({locked(median)}), "bad-txns-nonfinal") << "BIP113";
    EXPECT_EQ(verdict_of_transactions({locked(median - 1)}), "");
}

TEST_F(BlockRules, coinbase_must_carry_its_height) {
    EXPECT_EQ(verdict([&](Block& block) {
                  edit_coinbase(block, [&](TransactionData& data) {
                      data.inputs[0].script_sig =
                          Script{coinbase_height_push(chain->index().tip().height + 2)};
                  });
              }),
              "bad-cb-height");
}

TEST_F(BlockRules, witness_commitment_must_match) {
    TransactionData data = spend_true({coin(1)}, Amount{1})->data();
    data.inputs[0].script_sig = Script{};
    data.inputs[0].witness = {Bytes{1, 2, 3}};
    BlockPlan plan;
    plan.transactions = {make_transaction(data)};
    const auto good = chain.build(chain->index().tip(), plan);

    // The nonce and other people's witnesses are outside the header's hash: mutations.
    const auto mutated = [&](const Change& change) {
        Block block = *good;
        change(block);
        const auto result = chain.accept(std::make_shared<const Block>(std::move(block)));
        EXPECT_EQ(result.error->kind, BlockErrorKind::mutated);
        return result.error->reason;
    };
    const auto nonce = [](std::vector<Bytes> witness) {
        return [witness](Block& block) {
            edit_coinbase(block,
                          [&](TransactionData& coinbase) { coinbase.inputs[0].witness = witness; });
        };
    };
    EXPECT_EQ(mutated(nonce({})), "bad-witness-nonce-size");
    EXPECT_EQ(mutated(nonce({Bytes(31, 0)})), "bad-witness-nonce-size");
    EXPECT_EQ(mutated(nonce({Bytes(32, 0), Bytes{}})), "bad-witness-nonce-size");
    EXPECT_EQ(mutated(nonce({Bytes(32, 1)})), "bad-witness-merkle-match");
    EXPECT_EQ(mutated([&](Block& block) {
                  TransactionData other = data;
                  other.inputs[0].witness = {Bytes{1, 2, 4}};
                  block.transactions[1] = make_transaction(std::move(other));
              }),
              "bad-witness-merkle-match");
    // The form is fine; the witness itself belongs to no witness output.
    EXPECT_EQ(chain.verdict(good),
              "block-script-verify-flag-failed (Witness provided for non-witness script)");

    plan.commitment = false;
    plan.extra_nonce = 1;
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), plan)), "unexpected-witness");
    plan.transactions.clear();
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), plan)), "")
        << "without witnesses no commitment is needed";
}

TEST_F(BlockRules, the_last_commitment_output_counts) {
    const auto with = [&](bool last) {
        return [last](Block& block) {
            edit_coinbase(block, [&](TransactionData& data) {
                const TxOutput wrong{Amount{0}, witness_commitment_script(Hash256{{1}})};
                data.outputs.insert(last ? data.outputs.end() : data.outputs.begin(), wrong);
            });
        };
    };
    EXPECT_EQ(verdict(with(true)), "bad-witness-merkle-match");
    EXPECT_EQ(verdict(with(false)), "");
}

TEST(WitnessCommitment, is_of_the_root_and_then_the_reserved_value) {
    TestChain chain;
    const auto block =
        chain.build(chain->index().genesis());  // its root is zero: nothing but a coinbase
    // What every empty block of the main chain carries.
    EXPECT_EQ(to_hex(witness_commitment(*block).span()),
              "e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9");
    Bytes message(64, 0);
    message[32] = 1;
    EXPECT_EQ(witness_commitment(*block, Hash256{{1}}), sha256d(message));
}

TEST_F(BlockRules, too_much_weight_is_refused) {
    // Bytes of the coinbase's own witness cannot grow, so another input carries them.
    const auto block_of = [&](size_t witness_size) {
        TransactionData data = spend_true({coin(1)}, Amount{1})->data();
        data.inputs[0].witness = {Bytes(witness_size, 1)};
        BlockPlan plan;
        plan.transactions = {make_transaction(std::move(data))};
        return chain.build(chain->index().tip(), plan);
    };
    const auto size = [&](size_t witness) { return block_of(witness)->weight().value(); };
    const auto exact = static_cast<size_t>(4'000'000 - (size(3'000'000) - 3'000'000));
    ASSERT_EQ(size(exact), 4'000'000);
    EXPECT_EQ(chain.verdict(block_of(exact + 1)), "bad-blk-weight");
    // At the limit the block goes on to its scripts.
    EXPECT_EQ(chain.verdict(block_of(exact)).substr(0, 31), "block-script-verify-flag-failed");
}

TEST_F(BlockRules, inputs_must_exist_once) {
    const auto once = spend_true({coin(1)}, Amount{kCoin});
    const auto twice = spend_true({coin(1)}, Amount{kCoin - 1});
    EXPECT_EQ(verdict_of_transactions({once, twice}), "bad-txns-inputs-missingorspent");
    EXPECT_EQ(verdict_of_transactions({spend_true({coin(1), coin(1)}, Amount{1})}),
              "bad-txns-inputs-duplicate");
    const OutPoint made{once->txid(), 0};
    const auto child = spend_true({made}, Amount{1});
    EXPECT_EQ(verdict_of_transactions({child, once}), "bad-txns-inputs-missingorspent")
        << "a parent comes first";
    EXPECT_EQ(verdict_of_transactions({once, child}), "");
    EXPECT_EQ(verdict_of_transactions({twice}), "bad-txns-inputs-missingorspent")
        << "spent by the block before";
    EXPECT_FALSE(chain.coin(made).has_value());
}

TEST_F(BlockRules, coinbase_coins_mature_after_a_hundred_blocks) {
    EXPECT_EQ(verdict_of_transactions({spend_true({coin(12)}, Amount{1})}),
              "bad-txns-premature-spend-of-coinbase");
    EXPECT_EQ(verdict_of_transactions({spend_true({coin(11)}, Amount{1})}), "");
}

TEST_F(BlockRules, nothing_is_created) {
    EXPECT_EQ(verdict_of_transactions({spend_true({coin(1)}, Amount{50 * kCoin + 1})}),
              "bad-txns-in-belowout");
    BlockPlan plan;
    plan.transactions = {spend_true({coin(1)}, Amount{50 * kCoin - 300})};
    plan.fees = Amount{301};
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), plan)), "bad-cb-amount");
    plan.fees = Amount{300};
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), plan)), "");
    EXPECT_EQ(verdict_of_transactions({spend_true({coin(2)}, Amount{-1})}),
              "bad-txns-vout-negative");
    EXPECT_EQ(verdict_of_transactions({spend_true({coin(2)}, Amount{kMaxMoney.value() + 1})}),
              "bad-txns-vout-toolarge");
    EXPECT_EQ(verdict_of_transactions({spend_true({coin(2)}, kMaxMoney, 2)}),
              "bad-txns-txouttotal-toolarge");
}

TEST_F(BlockRules, subsidy_halves) {
    TestChain longer;
    longer.mine(149);
    BlockPlan plan;
    EXPECT_EQ(longer.build(longer->index().tip(), plan)->transactions[0]->outputs()[0].value,
              Amount{25 * kCoin});
    plan.fees = Amount{1};
    EXPECT_EQ(longer.verdict(longer.build(longer->index().tip(), plan)), "bad-cb-amount");
}

TEST_F(BlockRules, relative_locks_hold) {
    const auto locked = [&](uint32_t sequence) {
        return spend_true({coin(1)}, Amount{1}, 1, sequence);
    };
    EXPECT_EQ(verdict_of_transactions({locked(111)}), "bad-txns-nonfinal");
    EXPECT_EQ(verdict_of_transactions({locked(110)}), "");
}

TEST_F(BlockRules, sigops_of_spent_scripts_count_in_the_block) {
    // The redeem script holds many sigops, which are counted before it fails for want of arguments.
    Bytes redeem(500, OP_CHECKSIG);
    const Script hash = p2sh_script(hash160(redeem));
    std::vector<OutPoint> from;
    TransactionData fund = spend_true({coin(1)}, Amount{1000}, 42)->data();
    for (auto& output : fund.outputs) output.script_pubkey = hash;
    const auto funding = make_transaction(std::move(fund));
    ASSERT_EQ(verdict_of_transactions({funding}), "");
    const auto spend = [&](uint32_t inputs) {
        TransactionData data;
        for (uint32_t i = 0; i < inputs; ++i) {
            data.inputs.push_back(TxInput{{funding->txid(), i},
                                          ScriptBuilder{}.push(redeem).build(),
                                          TxInput::kSequenceFinal,
                                          {}});
        }
        data.outputs = {TxOutput{Amount{1}, op_true()}};
        return make_transaction(std::move(data));
    };
    EXPECT_EQ(verdict_of_transactions({spend(41)}), "bad-blk-sigops");
    EXPECT_EQ(verdict_of_transactions({spend(40)}).substr(0, 31),
              "block-script-verify-flag-failed");
}

TEST_F(BlockRules, overwriting_an_unspent_coinbase_is_refused_where_heights_are_not_in_it) {
    ChainParams params = regtest_params();
    params.activation.bip34 = Height{1'000'000};
    params.bip30_needless_until = Height{0};
    TestChain old(params);
    old.mine(1);
    const auto first = old.block(Height{1});
    Block copy = *old.build(old->index().tip(), BlockPlan{.commitment = false});
    copy.transactions[0] = first->transactions[0];
    const auto repeated = resolve(copy, old.params());
    EXPECT_EQ(old.verdict(repeated), "bad-txns-BIP30");

    // The main chain has two such blocks; they are exceptions, and the old coin is lost.
    params.bip30_exceptions = {{Height{2}, repeated->header.hash()}};
    params.bip30_overwritten = {{Height{1}, first->header.hash()}};
    TestChain lenient(params);
    lenient.add(first);
    const auto update = lenient.add(repeated);
    EXPECT_EQ(update.connected.size(), 1u);
    EXPECT_EQ(lenient.coin(coinbase_outpoint(first))->height, Height{2});
    EXPECT_EQ(all_coins(*lenient).size(), 1u);
    lenient->flush(Durability::written);
    ASSERT_TRUE(lenient->invalidate(repeated->header.hash()));
    EXPECT_EQ(lenient.activate().disconnected.size(), 1u) << "undone without a complaint";
    ASSERT_TRUE(lenient->invalidate(first->header.hash()));
    EXPECT_EQ(lenient.activate().disconnected.size(), 1u) << "though its coin went before";
    EXPECT_EQ(all_coins(*lenient).size(), 0u);
}

TEST(Bip94, first_block_of_a_period_is_at_most_ten_minutes_older_than_its_parent) {
    ChainParams params = regtest_params();
    params.bip94 = true;
    params.retarget_interval_blocks = 10;
    TestChain chain(params);
    chain.mine(8);
    const auto at = [&](int64_t time) {
        return chain.verdict(chain.build(chain->index().tip(), BlockPlan{.time = time}));
    };
    const int64_t late = chain->index().tip().time() + 5'000;
    EXPECT_EQ(at(late), "");
    ASSERT_EQ(chain->index().tip().height, Height{9});
    EXPECT_EQ(block_time_min(params, chain.rules(), chain->index().tip()), late - 600);
    EXPECT_EQ(at(late - 601), "time-timewarp-attack");
    EXPECT_EQ(at(late - 600), "");
    EXPECT_EQ(block_time_min(params, chain.rules(), chain->index().tip()),
              chain->index().tip().median_time_past() + 1);
    EXPECT_EQ(at(chain->index().tip().median_time_past() + 1), "")
        << "no such bound inside a period";
    params.bip94 = false;
    TestChain lax(params);
    lax.mine(8);
    lax.add(lax.build(lax->index().tip(), BlockPlan{.time = late}));
    EXPECT_EQ(lax.verdict(lax.build(lax->index().tip(), BlockPlan{.time = late - 601})), "");
}

TEST(BlockScriptFlags, follow_height_and_exceptions) {
    const ChainParams params = main_params();
    const BlockHash other{Hash256{{1}}};
    constexpr ScriptFlags kAlways = kVerifyP2sh | kVerifyWitness | kVerifyTaproot;
    const auto flags = [&](int32_t height) {
        return block_script_flags(params, Height{height}, other);
    };
    EXPECT_EQ(flags(1), kAlways);
    EXPECT_EQ(flags(363'724), kAlways);
    EXPECT_EQ(flags(363'725), kAlways | kVerifyDerSignatures);
    EXPECT_EQ(flags(388'381), kAlways | kVerifyDerSignatures | kVerifyCheckLocktime);
    EXPECT_EQ(flags(419'328),
              kAlways | kVerifyDerSignatures | kVerifyCheckLocktime | kVerifyCheckSequence);
    EXPECT_EQ(flags(481'824), kAlways | kVerifyDerSignatures | kVerifyCheckLocktime |
                                  kVerifyCheckSequence | kVerifyNullDummy);
    const auto bip16_exception =
        *BlockHash::from_string("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba77ac4f9c22");
    EXPECT_EQ(block_script_flags(params, Height{170'060}, bip16_exception), kVerifyNone);
}

}  // namespace
}  // namespace parley
