// Admission and replacement: each case against bitcoind's word for it.
#include <gtest/gtest.h>

#include "tests/unit/mempool/mempool_fixture.h"

namespace parley {
namespace {

using Kind = mempool_output::Changed::Kind;

TEST_F(MempoolTest, submit_standard_payment_is_found_by_both_ids_and_by_its_input) {
    const auto transaction = submit_ok(payment(1000));
    const MempoolEntry* entry = pool.find(transaction->txid());
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->fee, Amount{1000});
    EXPECT_EQ(entry->virtual_size, transaction->virtual_size());
    EXPECT_EQ(entry->height, Height{300});
    EXPECT_EQ(pool.find_by_wtxid(transaction->wtxid()), entry);
    EXPECT_EQ(pool.spender(transaction->inputs()[0].prevout), entry);
    EXPECT_EQ(pool.size(), 1u);
    EXPECT_EQ(pool.total_fees(), Amount{1000});
    EXPECT_EQ(change_kinds(), std::vector{Kind::added});
    EXPECT_EQ(driver.take_changes().size(), 0u);
}

TEST_F(MempoolTest, submit_same_transaction_again_is_already_in_mempool) {
    const auto transaction = submit_ok(payment(1000));
    EXPECT_EQ(refusal(transaction), "txn-already-in-mempool");
    TransactionData other_witness = transaction->data();
    auto items = other_witness.inputs[0].witness.copy();
    items[0][5] ^= 1;
    other_witness.inputs[0].witness = items;
    EXPECT_EQ(refusal(other_witness), "txn-same-nonwitness-data-in-mempool");
}

TEST_F(MempoolTest, submit_confirmed_transaction_is_already_known) {
    const auto transaction = submit_ok(payment(1000));
    mine({transaction});
    EXPECT_EQ(refusal(transaction), "txn-already-known");
}

TEST_F(MempoolTest, submit_unknown_input_is_missing) {
    TransactionData data = payment(1000);
    data.inputs[0].prevout.index = 7;
    const auto result = driver.submit(make_transaction(data), kNow);
    ASSERT_FALSE(result);
    EXPECT_EQ(reject_of(result).reason, "bad-txns-inputs-missingorspent");
    EXPECT_EQ(reject_of(result).kind, TxRejectKind::missing_inputs);
}

TEST_F(MempoolTest, submit_output_index_beyond_unconfirmed_parent_is_missing) {
    const auto parent = submit_ok(payment(1000));
    EXPECT_EQ(refusal(spend({{parent->txid(), 1}}, {Amount{1000}})),
              "bad-txns-inputs-missingorspent");
}

TEST_F(MempoolTest, submit_consensus_faults_have_their_words) {
    TransactionData empty = payment(1000);
    empty.outputs.clear();
    EXPECT_EQ(refusal(empty), "bad-txns-vout-empty");
    TransactionData twice = payment(1000);
    twice.inputs.push_back(twice.inputs[0]);
    EXPECT_EQ(refusal(twice), "bad-txns-inputs-duplicate");
    EXPECT_EQ(refusal(block_of({}, 5000)->transactions[0]), "coinbase");
    EXPECT_EQ(refusal(payment(-1)),
              "bad-txns-in-belowout, value in (1.00) < value out (1.00000001)");
}

TEST_F(MempoolTest, submit_versions_1_to_3_are_standard) {
    for (const int32_t version : {1, 2, 3}) {
        TransactionData data = payment(1000);
        data.version = version;
        submit_ok(data);
    }
    for (const int32_t version : {0, 4, -1}) {
        TransactionData data = payment(1000);
        data.version = version;
        EXPECT_EQ(refusal(data), "version");
    }
}

TEST_F(MempoolTest, submit_overweight_is_tx_size_at_the_first_unit) {
    TransactionData data = payment(100'000);
    data.inputs[0].witness = {Bytes(1000)};
    const auto weight = [&] { return Transaction{data}.weight().value(); };
    const auto size = static_cast<size_t>(400'000 - weight() + 1000 - 2);
    data.inputs[0].witness = {Bytes(size)};
    ASSERT_EQ(weight(), 400'000);
    TransactionData over = data;
    over.inputs[0].witness = {Bytes(size + 1)};
    EXPECT_EQ(refusal(over), "tx-size");
    submit_ok(data);
}

TEST_F(MempoolTest, submit_tiny_transaction_is_too_small) {
    const OutPoint coin = chain.add_coin(Amount{kCoin});
    TransactionData data;
    data.inputs.resize(1);
    data.inputs[0].prevout = coin;
    data.outputs.push_back({Amount{0}, Script{Bytes{OP_RETURN}}});
    ASSERT_LT(Transaction{data}.base_size(), 65u);
    EXPECT_EQ(refusal(data), "tx-size-small");
}

TEST_F(MempoolTest, submit_script_sig_rules) {
    TransactionData not_push = payment(1000);
    not_push.inputs[0].script_sig = Script{Bytes{OP_DUP}};
    EXPECT_EQ(refusal(not_push), "scriptsig-not-pushonly");
    TransactionData cut = payment(1000);
    cut.inputs[0].script_sig = Script{Bytes{0x05, 1}};
    EXPECT_EQ(refusal(cut), "scriptsig-not-pushonly");
    TransactionData large = payment(1000);
    large.inputs[0].script_sig = Script{Bytes(1651, OP_0)};
    EXPECT_EQ(refusal(large), "scriptsig-size");
}

TEST_F(MempoolTest, submit_output_scripts_and_dust) {
    TransactionData bare = payment(1000);
    bare.outputs[0].script_pubkey = Script{Bytes{OP_TRUE}};
    EXPECT_EQ(refusal(bare), "scriptpubkey");
    // A P2WPKH output costs 98 virtual bytes to make and spend: 294 at 3,000 a kvB.
    TransactionData limit =
        spend({chain.add_coin(Amount{kCoin})}, {Amount{294}, Amount{kCoin / 2}});
    submit_ok(limit);
    TransactionData dust = spend({chain.add_coin(Amount{kCoin})}, {Amount{293}, Amount{kCoin / 2}});
    EXPECT_EQ(refusal(dust), "dust, tx with dust output must be 0-fee");
    TransactionData two = spend({chain.add_coin(Amount{kCoin})}, {Amount{293}, Amount{293}});
    EXPECT_EQ(refusal(two), "dust");
}

TEST_F(MempoolTest, submit_data_output_has_no_dust_limit) {
    TransactionData data = payment(1000);
    data.outputs.push_back({Amount{0}, ScriptBuilder{}.op(OP_RETURN).push(Bytes(80, 1)).build()});
    submit_ok(data);
}

TEST_F(MempoolTest, submit_below_min_relay_fee_names_both_amounts) {
    TransactionData data = payment(10);
    const int64_t size = Transaction{data}.virtual_size();
    const int64_t needed = (size * 100 + 999) / 1000;
    EXPECT_EQ(refusal(data), "min relay fee not met, 10 < " + std::to_string(needed));
    submit_ok(payment(needed));
    EXPECT_EQ(refusal(payment(needed - 1)), "min relay fee not met, " + std::to_string(needed - 1) +
                                                " < " + std::to_string(needed));
}

TEST_F(MempoolTest, submit_prioritised_transaction_counts_its_delta) {
    const auto transaction = make_transaction(payment(0));
    pool.prioritise(transaction->txid(), Amount{5000});
    ASSERT_TRUE(driver.submit(transaction, kNow));
    EXPECT_EQ(pool.find(transaction->txid())->modified_fee(), Amount{5000});
    EXPECT_EQ(pool.find(transaction->txid())->fee, Amount{0});
    pool.prioritise(transaction->txid(), Amount{-5000});
    EXPECT_TRUE(pool.prioritised().empty());
    EXPECT_EQ(pool.find(transaction->txid())->ancestors.fees, Amount{0});
}

TEST_F(MempoolTest, submit_locktime_of_the_next_block_is_final) {
    TransactionData data = payment(1000);
    data.inputs[0].sequence = 0xfffffffe;
    data.locktime = 301;
    EXPECT_EQ(refusal(data), "non-final");
    data.locktime = 300;
    submit_ok(data);
}

TEST_F(MempoolTest, submit_sequence_lock_counts_from_the_coin) {
    TransactionData data = spend({chain.add_coin(Amount{kCoin}, Height{295})}, {Amount{kCoin / 2}});
    data.inputs[0].sequence = 7;
    EXPECT_EQ(refusal(data), "non-BIP68-final");
    data.inputs[0].sequence = 6;
    const auto parent = submit_ok(data);
    TransactionData child = spend({{parent->txid(), 0}}, {Amount{kCoin / 3}});
    child.inputs[0].sequence = 1;
    EXPECT_EQ(refusal(child), "non-BIP68-final");
    child.inputs[0].sequence = 0;
    submit_ok(child);
}

TEST_F(MempoolTest, submit_coinbase_spend_waits_for_maturity) {
    TransactionData early =
        spend({chain.add_coin(Amount{kCoin}, Height{202}, true)}, {Amount{kCoin / 2}});
    EXPECT_EQ(refusal(early),
              "bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 99");
    TransactionData ripe =
        spend({chain.add_coin(Amount{kCoin}, Height{201}, true)}, {Amount{kCoin / 2}});
    submit_ok(ripe);
}

TEST_F(MempoolTest, submit_refused_script_names_the_input) {
    const auto transaction = make_transaction(payment(1000));
    verifier.refused = transaction->txid();
    const std::string refused = refusal(transaction);
    EXPECT_TRUE(refused.starts_with("mempool-script-verify-flag-failed (")) << refused;
    EXPECT_NE(refused.find("input 0 of " + transaction->txid().to_string()), std::string::npos);
    EXPECT_EQ(pool.size(), 0u);
}

TEST_F(MempoolTest, submit_real_script_check_refuses_a_bad_signature) {
    InlineScriptVerifier real;
    Mempool strict({}, params, chain, real, log);
    const auto result = MempoolDriver{strict}.submit(make_transaction(payment(1000)), kNow);
    ASSERT_FALSE(result);
    EXPECT_EQ(reject_of(result).kind, TxRejectKind::policy);
    EXPECT_TRUE(reject_of(result).reason.starts_with("mempool-script-verify-flag-failed"));
}

TEST_F(MempoolTest, submit_remembers_scripts_that_passed_under_the_rules_of_blocks) {
    class Cache final : public ScriptCache {
     public:
        bool contains(const Wtxid& wtxid, ScriptFlags flags) override {
            return known.contains({wtxid, flags});
        }
        void insert(const Wtxid& wtxid, ScriptFlags flags) override {
            known.insert({wtxid, flags});
        }
        std::set<std::pair<Wtxid, ScriptFlags>> known;
    } cache;
    verifier.scripts = &cache;
    const auto bad = make_transaction(payment(1000));
    verifier.refused = bad->txid();
    EXPECT_NE(refusal(bad), "accepted");
    EXPECT_TRUE(cache.known.empty());
    const auto good = submit_ok(payment(1000));
    EXPECT_EQ(cache.known.size(), 1u);
    EXPECT_TRUE(cache.contains(good->wtxid(), kConsensusScriptFlags));
}

// The wtxid of what is left is the txid of the whole transaction, which may still come.
TEST_F(MempoolTest, submit_without_the_witness_that_it_needs_is_told_from_a_bad_one) {
    InlineScriptVerifier real;
    Mempool strict({}, params, chain, real, log);
    const auto kind = [&](const TransactionData& data) {
        const auto result = MempoolDriver{strict}.submit(make_transaction(data), kNow);
        return result ? std::nullopt : std::optional{reject_of(result).kind};
    };
    TransactionData data = payment(10'000);
    data.outputs.push_back({Amount{1000}, key_script(7)});  // 65 bytes without the witness
    EXPECT_EQ(kind(data), TxRejectKind::policy) << "a bad signature";
    data.inputs[0].witness.clear();
    EXPECT_EQ(kind(data), TxRejectKind::witness_stripped);
    // A script that fails without needing any witness.
    const Script plain = p2pkh_script(Hash160{});
    data.inputs[0].prevout = chain.add_coin(Amount{kCoin}, Height{1}, false, plain);
    EXPECT_EQ(kind(data), TxRejectKind::policy);
}

TEST_F(MempoolTest, submit_cluster_of_65_is_too_large) {
    OutPoint last = chain.add_coin(Amount{kCoin});
    for (int i = 0; i < 64; ++i)
        last = {submit_ok(spend({last}, {Amount{kCoin - 1000 * (i + 1)}}))->txid(), 0};
    EXPECT_EQ(refusal(spend({last}, {Amount{kCoin / 2}})), "too-large-cluster");
    EXPECT_EQ(pool.ancestors(*pool.find(last.txid)).size(), 63u);
    EXPECT_EQ(pool.find(last.txid)->ancestors.count, 64);
}

TEST_F(MempoolTest, submit_version_3_child_rules) {
    TransactionData parent_data = payment(1000);
    parent_data.version = 3;
    const auto parent = submit_ok(parent_data);
    TransactionData child = spend({{parent->txid(), 0}}, {Amount{kCoin / 2}});
    EXPECT_TRUE(refusal(child).starts_with("TRUC-violation, non-version=3 tx"));
    child.version = 3;
    const auto accepted = submit_ok(child);
    TransactionData grandchild = spend({{accepted->txid(), 0}}, {Amount{kCoin / 4}});
    grandchild.version = 3;
    EXPECT_TRUE(refusal(grandchild).starts_with("TRUC-violation, tx "));
}

TEST_F(MempoolTest, submit_version_3_sibling_evicts_the_other_if_it_pays_more) {
    TransactionData parent_data = payment(1000);
    parent_data.version = 3;
    parent_data.outputs.push_back({Amount{kCoin / 2}, key_script(9)});
    parent_data.outputs[0].value = Amount{kCoin / 2 - 1000};
    const auto parent = submit_ok(parent_data);
    const auto child = [&](uint32_t output, int64_t fee) {
        TransactionData data = spend({{parent->txid(), output}}, {Amount{kCoin / 2 - 1000 - fee}});
        data.version = 3;
        return data;
    };
    const auto first = submit_ok(child(0, 2000));
    EXPECT_TRUE(
        refusal(child(1, 500)).starts_with("insufficient fee (including sibling eviction)"));
    submit_ok(child(1, 9000));
    EXPECT_FALSE(pool.contains(first->txid()));
    EXPECT_EQ(pool.size(), 2u);
}

TEST_F(MempoolTest, submit_dust_needs_no_fee_and_a_child_that_spends_all_of_it) {
    TransactionData dusty = payment(0);
    dusty.outputs.push_back({Amount{0}, key_script(7)});
    EXPECT_EQ(refusal(dusty), "min relay fee not met, 0 < 15");
    dusty.outputs[0].value = Amount{kCoin - 1000};
    EXPECT_EQ(refusal(dusty), "dust, tx with dust output must be 0-fee");
}

// --- replacement ---------------------------------------------------------------------------------

TEST_F(MempoolTest, replace_by_higher_fee_removes_descendants) {
    const auto original = submit_ok(payment(1000));
    const auto child = submit_ok(spend({{original->txid(), 0}}, {Amount{kCoin - 3000}}));
    driver.take_changes();
    TransactionData replacement = original->data();
    replacement.outputs[0].value = Amount{kCoin - 10'000};
    const auto result = driver.submit(make_transaction(replacement), kNow);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->replaced.size(), 2u);
    EXPECT_EQ(result->replaced[0]->txid(), original->txid());
    EXPECT_EQ(result->replaced[1]->txid(), child->txid());
    EXPECT_EQ(pool.size(), 1u);
    EXPECT_EQ(change_kinds(), (std::vector{Kind::replaced, Kind::replaced, Kind::added}));
}

TEST_F(MempoolTest, replace_must_pay_for_all_it_removes_and_for_its_relay) {
    const auto original = submit_ok(payment(1000));
    submit_ok(spend({{original->txid(), 0}}, {Amount{kCoin - 3000}}));  // 2000 more
    TransactionData replacement = original->data();
    const auto id = [&] { return Transaction{replacement}.txid().to_string(); };
    replacement.outputs[0].value = Amount{kCoin - 2999};
    EXPECT_EQ(refusal(replacement), "insufficient fee, rejecting replacement " + id() +
                                        ", less fees than conflicting txs; 0.00002999 < 0.00003");
    replacement.outputs[0].value = Amount{kCoin - 3010};
    EXPECT_EQ(refusal(replacement),
              "insufficient fee, rejecting replacement " + id() +
                  ", not enough additional fees to relay; 0.0000001 < 0.00000011");
    replacement.outputs[0].value = Amount{kCoin - 3011};
    submit_ok(replacement);
}

TEST_F(MempoolTest, replace_with_lower_fee_rate_is_refused) {
    const auto original = submit_ok(payment(1000));
    TransactionData replacement = original->data();
    for (int i = 0; i < 20; ++i)
        replacement.inputs.push_back(spend({chain.add_coin(Amount{kCoin})}, {}).inputs[0]);
    replacement.outputs[0].value = Amount{21 * kCoin - 2000};
    EXPECT_EQ(refusal(replacement),
              "replacement-failed, insufficient feerate: does not improve feerate diagram");
}

TEST_F(MempoolTest, replace_own_parent_is_refused) {
    const auto parent = submit_ok(payment(1000));
    TransactionData both =
        spend({parent->inputs()[0].prevout, {parent->txid(), 0}}, {Amount{kCoin - 100'000}});
    EXPECT_TRUE(refusal(both).starts_with("bad-txns-spends-conflicting-tx, "));
}

TEST_F(MempoolTest, replace_more_than_100_transactions_is_refused) {
    TransactionData many = payment(1000);
    for (int i = 0; i < 101; ++i) {
        const auto victim = submit_ok(payment(1000));
        if (i < 100) many.inputs.push_back(spend({victim->inputs()[0].prevout}, {}).inputs[0]);
    }
    many.outputs[0].value = Amount{50 * kCoin};
    TransactionData more = many;
    more.inputs.push_back(spend({submit_ok(payment(1000))->inputs()[0].prevout}, {}).inputs[0]);
    const std::string refused = refusal(more);
    EXPECT_TRUE(refused.starts_with("too many potential replacements, ")) << refused;
    submit_ok(many);
    EXPECT_EQ(pool.size(), 3u);
}

// --- views and packages --------------------------------------------------------------------------

TEST_F(MempoolTest, coins_show_outputs_of_the_pool_and_hide_what_it_spends) {
    const auto parent = submit_ok(payment(1000));
    EXPECT_FALSE(pool.coins().coin(parent->inputs()[0].prevout).value());
    const auto coin = pool.coins().coin({parent->txid(), 0}).value();
    ASSERT_TRUE(coin);
    EXPECT_EQ(coin->height, Mempool::kMempoolHeight);
    EXPECT_FALSE(pool.coins().coin({parent->txid(), 1}).value());
    submit_ok(spend({{parent->txid(), 0}}, {Amount{kCoin - 5000}}));
    EXPECT_FALSE(pool.coins().coin({parent->txid(), 0}).value());
}

TEST_F(MempoolTest, test_accept_takes_children_of_earlier_ones_and_changes_nothing) {
    const auto parent = make_transaction(payment(1000));
    const auto child = make_transaction(spend({{parent->txid(), 0}}, {Amount{kCoin - 5000}}));
    const auto answers = pool.test_accept({parent, child}, kNow);
    ASSERT_TRUE(answers);
    ASSERT_EQ(answers->verdicts.size(), 2u);
    EXPECT_TRUE(answers->verdicts.at(parent->wtxid()));
    ASSERT_TRUE(answers->verdicts.at(child->wtxid()));
    EXPECT_EQ(answers->verdicts.at(child->wtxid())->fee, Amount{4000});
    EXPECT_EQ(pool.size(), 0u);
    EXPECT_EQ(pool.test_accept({child, parent}, kNow)->problem->reason, "package-not-sorted");
    const auto twice = pool.test_accept({parent, make_transaction([&] {
                                             auto data = parent->data();
                                             data.outputs[0].value = Amount{kCoin / 2};
                                             return data;
                                         }())},
                                        kNow);
    EXPECT_EQ(twice->problem->reason, "conflict-in-package");
    EXPECT_TRUE(twice->verdicts.empty());
}

TEST(MempoolOptionsTest, validate_names_the_option) {
    EXPECT_FALSE(MempoolOptions{}.validate());
    MempoolOptions small;
    small.usage_bytes_max = 4'999'999;
    EXPECT_EQ(*small.validate(), "-maxmempool must be at least 5 MB");
    MempoolOptions cluster;
    cluster.cluster_count_max = 65;
    EXPECT_EQ(*cluster.validate(), "limitclustercount must be less than or equal to 64");
}

}  // namespace
}  // namespace parley
