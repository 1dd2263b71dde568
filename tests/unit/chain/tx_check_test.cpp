#include "chain/rules/tx_check.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "chain/rules/sigops.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

TransactionData simple() {
    TransactionData data;
    data.inputs.resize(1);
    data.inputs[0].prevout = {Txid{Hash256{{1}}}, 0};
    data.outputs = {TxOutput{Amount{1}, Script{Bytes{OP_TRUE}}}};
    return data;
}

std::string reason(const TransactionData& data) {
    const auto verdict = check_transaction(Transaction(data));
    return verdict ? "" : std::string{to_string(verdict.error())};
}

TEST(CheckTransaction, each_rule_has_its_word) {
    EXPECT_EQ(reason(simple()), "");
    const auto changed = [](auto change) {
        TransactionData data = simple();
        change(data);
        return reason(data);
    };
    EXPECT_EQ(changed([](auto& tx) { tx.inputs.clear(); }), "bad-txns-vin-empty");
    EXPECT_EQ(changed([](auto& tx) { tx.outputs.clear(); }), "bad-txns-vout-empty");
    EXPECT_EQ(changed([](auto& tx) { tx.outputs[0].value = Amount{-1}; }),
              "bad-txns-vout-negative");
    EXPECT_EQ(changed([](auto& tx) { tx.outputs[0].value = Amount{2'100'000'000'000'001}; }),
              "bad-txns-vout-toolarge");
    EXPECT_EQ(changed([](auto& tx) { tx.outputs[0].value = Amount{2'100'000'000'000'000}; }), "");
    EXPECT_EQ(changed([](auto& tx) {
                  tx.outputs[0].value = Amount{2'100'000'000'000'000};
                  tx.outputs.push_back(TxOutput{Amount{1}, Script{}});
              }),
              "bad-txns-txouttotal-toolarge");
    EXPECT_EQ(changed([](auto& tx) { tx.inputs.push_back(tx.inputs[0]); }),
              "bad-txns-inputs-duplicate");
    EXPECT_EQ(changed([](auto& tx) {
                  tx.inputs.push_back(tx.inputs[0]);
                  tx.inputs[1].prevout.index = 1;
              }),
              "");
    EXPECT_EQ(changed([](auto& tx) {
                  tx.inputs.push_back(tx.inputs[0]);
                  tx.inputs[1].prevout = OutPoint{};
              }),
              "bad-txns-prevout-null");
}

TEST(CheckTransaction, size_without_witness_is_bounded) {
    TransactionData data = simple();
    const size_t overhead = Transaction(data).base_size() + 4;  // the longer length of the script
    data.outputs[0].script_pubkey = Script{Bytes(1'000'000 - overhead + 1, 0)};
    EXPECT_EQ(Transaction(data).base_size(), 1'000'000u);
    EXPECT_EQ(reason(data), "");
    data.inputs[0].witness = {Bytes(1'000, 0)};
    EXPECT_EQ(reason(data), "") << "the witness does not count here";
    data.outputs[0].script_pubkey = Script{Bytes(1'000'000 - overhead + 2, 0)};
    EXPECT_EQ(reason(data), "bad-txns-oversize");
}

TEST(CheckTransaction, coinbase_script_has_2_to_100_bytes) {
    TransactionData data = simple();
    data.inputs[0].prevout = OutPoint{};
    for (const size_t size : {0u, 1u, 2u, 100u, 101u}) {
        data.inputs[0].script_sig = Script{Bytes(size, 0)};
        EXPECT_EQ(reason(data), size >= 2 && size <= 100 ? "" : "bad-cb-length") << size;
    }
}

Coin coin_at(int64_t value, int32_t height = 1, bool coinbase = false) {
    return {TxOutput{Amount{value}, Script{}}, Height{height}, coinbase};
}

TEST(CheckTxInputs, fee_is_what_the_outputs_leave) {
    TransactionData data = simple();
    data.outputs[0].value = Amount{70};
    const Transaction transaction(data);
    const auto check = [&](const Coin& coin, int32_t height = 200) {
        return check_tx_inputs(transaction, std::span{&coin, 1}, Height{height}, 100);
    };
    EXPECT_EQ(check(coin_at(100)).value(), Amount{30});
    EXPECT_EQ(check(coin_at(70)).value(), Amount{0});
    EXPECT_EQ(check(coin_at(69)).error(), TxError::inputs_below_outputs);
    EXPECT_EQ(check(coin_at(-1)).error(), TxError::input_values_out_of_range);
    EXPECT_EQ(check(coin_at(2'100'000'000'000'001)).error(), TxError::input_values_out_of_range);
    EXPECT_EQ(check(coin_at(100, 101, true)).error(), TxError::premature_coinbase_spend);
    EXPECT_EQ(check(coin_at(100, 100, true)).value(), Amount{30});
    EXPECT_EQ(check(coin_at(100, 199, false)).value(), Amount{30});
}

TEST(CheckTxInputs, sum_of_inputs_is_bounded) {
    TransactionData data = simple();
    data.inputs.resize(2);
    const Transaction transaction(data);
    const std::vector<Coin> coins{coin_at(2'100'000'000'000'000), coin_at(1)};
    EXPECT_EQ(check_tx_inputs(transaction, coins, Height{200}, 100).error(),
              TxError::input_values_out_of_range);
}

TEST(CountSigops, follows_bip16_and_the_legacy_rule) {
    const auto count = [](const Bytes& script, bool accurate) {
        return count_sigops(script, accurate);
    };
    EXPECT_EQ(count({}, false), 0);
    EXPECT_EQ(count({OP_CHECKSIG, OP_CHECKSIGVERIFY}, false), 2);
    EXPECT_EQ(count({OP_1 + 2, OP_CHECKMULTISIG}, false), 20);
    EXPECT_EQ(count({OP_1 + 2, OP_CHECKMULTISIG}, true), 3);
    EXPECT_EQ(count({OP_0, OP_CHECKMULTISIGVERIFY}, true), 20);
    EXPECT_EQ(count({OP_16, OP_CHECKMULTISIG}, true), 16);
    EXPECT_EQ(count({1, OP_CHECKSIG, OP_CHECKSIG}, false), 1) << "pushed bytes are no opcodes";
    EXPECT_EQ(count({OP_CHECKSIG, OP_PUSHDATA1, 5, OP_CHECKSIG}, false), 1)
        << "what stands before a broken push counts";
}

TEST(SigopCost, weighs_each_kind_of_input) {
    const auto cost = [&](const Script& spent, const Script& script_sig, std::vector<Bytes> witness,
                          ScriptFlags flags = kVerifyP2sh | kVerifyWitness) {
        TransactionData data = simple();
        data.inputs[0].script_sig = script_sig;
        data.inputs[0].witness = std::move(witness);
        const Coin coin{TxOutput{Amount{1}, spent}, Height{1}, false};
        return sigop_cost(Transaction(data), std::span{&coin, 1}, flags);
    };
    EXPECT_EQ(cost(p2pkh_script(Hash160{}), {}, {}), 0) << "a spent script's own do not count";
    EXPECT_EQ(cost(p2wpkh_script(Hash160{}), {}, {}), 1);
    EXPECT_EQ(cost(p2wpkh_script(Hash160{}), {}, {}, kVerifyP2sh), 0);
    const Bytes multisig{OP_1, OP_1 + 1, OP_CHECKMULTISIG};
    EXPECT_EQ(cost(witness_script(0, Bytes(32, 0)), {}, {Bytes{}, multisig}), 2);
    EXPECT_EQ(cost(witness_script(0, Bytes(32, 0)), {}, {}), 0);
    EXPECT_EQ(cost(witness_script(1, Bytes(32, 0)), {}, {Bytes{}, multisig}), 0);
    const Script redeem_push = ScriptBuilder{}.push(multisig).build();
    EXPECT_EQ(cost(p2sh_script(Hash160{}), redeem_push, {}), 8);
    EXPECT_EQ(cost(p2sh_script(Hash160{}), redeem_push, {}, kVerifyNone), 0);
    const Script wrapped = ScriptBuilder{}.push(p2wpkh_script(Hash160{}).bytes()).build();
    EXPECT_EQ(cost(p2sh_script(Hash160{}), wrapped, {}), 1);
    const Script not_push_only = Script{Bytes{OP_DUP, 1, OP_CHECKSIG}};
    EXPECT_EQ(cost(p2sh_script(Hash160{}), not_push_only, {}), 0);
    Bytes cut = to_bytes(redeem_push.bytes());
    append(cut, Bytes{2, 1});
    EXPECT_EQ(cost(p2sh_script(Hash160{}), Script{cut}, {}), 0) << "cut off behind it";
    EXPECT_EQ(cost(Script{}, Script{Bytes{OP_CHECKSIG}}, {}), 4);
}

TEST(ReadSharedTransaction, ids_and_sizes_are_those_of_the_fields) {
    TransactionData plain = simple();
    TransactionData witnesses = simple();
    witnesses.inputs.resize(3, witnesses.inputs[0]);
    witnesses.inputs[0].witness = {Bytes(3), Bytes{}, Bytes(300)};
    witnesses.inputs[2].witness = {Bytes(70'000)};
    witnesses.inputs[1].script_sig = Script{Bytes(253)};
    witnesses.outputs.resize(300, witnesses.outputs[0]);
    witnesses.locktime = 0x01020304;
    TransactionData nothing;  // zero inputs and outputs: its second zero looks like BIP144's flag
    for (const TransactionData& data : {plain, witnesses, nothing}) {
        const Transaction expected(data);
        Bytes raw = expected.serialize();
        raw.push_back(0xff);  // the next thing in the reader
        Reader reader(raw);
        const TransactionRef read = read_shared_transaction(reader);
        ASSERT_TRUE(reader.ok());
        EXPECT_EQ(reader.left(), 1u);
        EXPECT_EQ(read->data(), data);
        EXPECT_EQ(read->txid(), expected.txid());
        EXPECT_EQ(read->wtxid(), expected.wtxid());
        EXPECT_EQ(read->total_size(), expected.total_size());
        EXPECT_EQ(read->base_size(), expected.base_size());
        EXPECT_EQ(read->has_witness(), expected.has_witness());
    }
}

TEST(ReadTransaction, flag_is_one_and_brings_a_witness) {
    TransactionData data = simple();
    data.inputs[0].witness = {Bytes(20)};
    const Bytes good = Transaction(data).serialize();
    const auto reads = [](const Bytes& raw) {
        Reader reader(raw);
        read_transaction(reader);
        return reader.ok();
    };
    EXPECT_TRUE(reads(good));
    constexpr size_t kFlagAt = 5;  // behind the version and the marker
    ASSERT_EQ(good[kFlagAt], 1);
    for (const uint8_t flag : Bytes{2, 3, 4, 255}) {
        Bytes other = good;
        other[kFlagAt] = flag;
        EXPECT_FALSE(reads(other)) << int{flag};
    }
    // The same without its witness: a flag, and an empty stack.
    Bytes superfluous = good;
    superfluous.erase(superfluous.end() - 4 - 22, superfluous.end() - 4);
    superfluous.insert(superfluous.end() - 4, 0);
    EXPECT_FALSE(reads(superfluous));
}

TEST(Transaction, weight_counts_the_witness_once_and_the_rest_four_times) {
    TransactionData data = simple();
    // Version 4, counts 2, input 41, output 10, locktime 4.
    EXPECT_EQ(Transaction(data).weight(), Weight{4 * 61});
    EXPECT_EQ(Transaction(data).virtual_size(), 61);
    data.inputs[0].witness = {Bytes(20)};
    // Marker and flag 2, count 1, length 1.
    EXPECT_EQ(Transaction(data).weight(), Weight{4 * 61 + 24});
    EXPECT_EQ(Transaction(data).virtual_size(), 67);
    data.inputs[0].witness = {Bytes(21)};
    EXPECT_EQ(Transaction(data).virtual_size(), 68) << "rounded up";
}

TEST(ReadSharedTransaction, truncated_input_fails_the_reader) {
    TransactionData data = simple();
    data.inputs[0].witness = {Bytes(20)};
    const Bytes raw = Transaction(data).serialize();
    for (size_t size = 0; size < raw.size(); ++size) {
        Reader reader(ByteSpan(raw).first(size));
        EXPECT_NE(read_shared_transaction(reader), nullptr);
        EXPECT_FALSE(reader.ok());
    }
}

}  // namespace
}  // namespace parley
