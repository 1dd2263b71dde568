// Kinds of outputs, sizes that policy counts, and the minimum fee that rises and falls.
#include "mempool/policy.h"

#include <gtest/gtest.h>

#include "mempool/rolling_fee.h"
#include "tests/unit/mempool/fake_chain.h"

namespace parley {
namespace {

Script hex(std::string_view text) {
    return Script{*from_hex(text)};
}

std::string multisig(int required, int keys, int stated) {
    std::string text = to_hex(Bytes{static_cast<uint8_t>(0x50 + required)});
    for (int i = 0; i < keys; ++i) text += "2102" + std::string(64, '2');
    return text + to_hex(Bytes{static_cast<uint8_t>(0x50 + stated), OP_CHECKMULTISIG});
}

std::optional<std::string_view> refusal_of_inputs(const Transaction& transaction,
                                                  std::span<const Coin> coins) {
    const auto problem = check_standard_inputs(transaction, coins);
    if (!problem) return std::nullopt;
    return problem->reason;
}

TEST(PolicyTest, classify_output_knows_each_kind) {
    const std::string h20(40, 'a');
    const std::string h32(64, 'b');
    EXPECT_EQ(classify_script(hex("76a914" + h20 + "88ac")), ScriptType::public_key_hash);
    EXPECT_EQ(classify_script(hex("a914" + h20 + "87")), ScriptType::script_hash);
    EXPECT_EQ(classify_script(hex("0014" + h20)), ScriptType::witness_key_hash);
    EXPECT_EQ(classify_script(hex("0020" + h32)), ScriptType::witness_script_hash);
    EXPECT_EQ(classify_script(hex("0015" + h20 + "aa")), ScriptType::nonstandard);
    EXPECT_EQ(classify_script(hex("5120" + h32)), ScriptType::taproot);
    EXPECT_EQ(classify_script(hex("51024e73")), ScriptType::anchor);
    EXPECT_EQ(classify_script(hex("51024e74")), ScriptType::witness_unknown);
    EXPECT_EQ(classify_script(hex("6a0401020304")), ScriptType::data);
    EXPECT_EQ(classify_script(hex("6a")), ScriptType::data);
    EXPECT_EQ(classify_script(hex("6a04010203")), ScriptType::nonstandard);
    EXPECT_EQ(classify_script(hex("6a76")), ScriptType::nonstandard);
    EXPECT_EQ(classify_script(hex("51")), ScriptType::nonstandard);
    EXPECT_EQ(classify_script(Script{}), ScriptType::nonstandard);
}

TEST(PolicyTest, multisig_is_known_up_to_20_keys_and_standard_up_to_three) {
    EXPECT_EQ(classify_script(hex(multisig(1, 1, 1))), ScriptType::multisig);
    EXPECT_EQ(classify_script(hex(multisig(2, 3, 3))), ScriptType::multisig);
    EXPECT_EQ(classify_script(hex(multisig(2, 4, 4))), ScriptType::multisig);
    EXPECT_EQ(classify_script(hex(multisig(3, 2, 2))), ScriptType::nonstandard);
    EXPECT_EQ(classify_script(hex(multisig(1, 2, 3))), ScriptType::nonstandard);
    EXPECT_EQ(classify_script(hex(multisig(1, 1, 1) + "51")), ScriptType::nonstandard);
    EXPECT_EQ(classify_script(hex(multisig(16, 16, 16))), ScriptType::multisig);
    std::string twenty = multisig(1, 20, 16);
    twenty.replace(twenty.size() - 4, 2, "0114");
    EXPECT_EQ(match_multisig(hex(twenty))->keys.size(), 20u);
    const auto verdict = [](int keys, bool permitted) {
        MempoolOptions options;
        options.permit_bare_multisig = permitted;
        TransactionData data = spend({{Txid{}, 0}}, {Amount{10'000}});
        data.outputs[0].script_pubkey = hex(multisig(1, keys, keys));
        return check_standard(Transaction{data}, options);
    };
    EXPECT_EQ(verdict(3, true), std::nullopt);
    EXPECT_EQ(verdict(3, false), "bare-multisig");
    EXPECT_EQ(verdict(4, true), "scriptpubkey");
}

TEST(PolicyTest, spends_of_every_standard_form_have_bounds) {
    constexpr std::string_view kInputs = "bad-txns-nonstandard-inputs";
    constexpr std::string_view kWitness = "bad-witness-nonstandard";
    using Verdict = std::optional<std::string_view>;
    const auto verdict = [](const Script& spent, const Script& script_sig,
                            std::vector<Bytes> witness) {
        TransactionData data = spend({{Txid{}, 0}}, {Amount{10'000}});
        data.inputs[0].script_sig = script_sig;
        data.inputs[0].witness = std::move(witness);
        const std::vector<Coin> coins{{TxOutput{Amount{20'000}, spent}, Height{1}, false}};
        return refusal_of_inputs(Transaction{data}, coins);
    };
    const auto push = [](ByteSpan bytes) { return ScriptBuilder{}.push(bytes).build(); };
    const auto p2sh_of = [](ByteSpan redeem) { return p2sh_script(hash160(redeem)); };
    // P2SH: 15 sigops, and a script there must be.
    for (const size_t sigops : {size_t{15}, size_t{16}}) {
        const Bytes redeem(sigops, OP_CHECKSIG);
        EXPECT_EQ(verdict(p2sh_of(redeem), push(redeem), {}),
                  sigops == 15 ? Verdict{} : Verdict{kInputs});
    }
    EXPECT_EQ(verdict(p2sh_of({}), Script{}, {}), kInputs);
    // BIP54: 2,500 sigops of all inputs together.
    for (const size_t inputs : {size_t{2500}, size_t{2501}}) {
        TransactionData data = spend(std::vector<OutPoint>(inputs), {Amount{10'000}});
        for (auto& input : data.inputs) input.witness.clear();
        const std::vector<Coin> coins(
            inputs, Coin{TxOutput{Amount{1}, p2pkh_script(Hash160{})}, Height{1}, false});
        EXPECT_EQ(refusal_of_inputs(Transaction{data}, coins),
                  inputs == 2500 ? Verdict{} : Verdict{kInputs});
    }
    EXPECT_EQ(verdict(hex("52"), Script{}, {}), kInputs) << "nonstandard";
    EXPECT_EQ(verdict(witness_script(2, Bytes(32, 1)), Script{}, {}), kInputs) << "of the future";
    EXPECT_EQ(verdict(hex(multisig(1, 2, 2)), Script{Bytes{OP_0}}, {}), std::nullopt);
    // P2WSH, and the same hidden behind a hash.
    const Script program = witness_script(0, Bytes(32, 1));
    for (const bool wrap : {false, true}) {
        const Script spent = wrap ? p2sh_of(program.bytes()) : program;
        const Script script_sig = wrap ? push(program.bytes()) : Script{};
        const auto with = [&](size_t items, size_t item_size, size_t script_size) {
            std::vector<Bytes> witness(items, Bytes(item_size, 1));
            witness.push_back(Bytes(script_size, OP_NOP));
            return verdict(spent, script_sig, witness);
        };
        EXPECT_EQ(with(100, 80, 3600), std::nullopt);
        EXPECT_EQ(with(101, 80, 3600), kWitness);
        EXPECT_EQ(with(100, 81, 3600), kWitness);
        EXPECT_EQ(with(100, 80, 3601), kWitness);
    }
    // Inputs with a witness but without a witness program.
    EXPECT_EQ(verdict(p2pkh_script(Hash160{}), Script{}, {Bytes{1}}), kWitness);
    EXPECT_EQ(verdict(p2sh_of(Bytes{OP_TRUE}), push(Bytes{OP_TRUE}), {Bytes{1}}), kWitness);
    EXPECT_EQ(verdict(witness_script(1, Bytes{0x4e, 0x73}), Script{}, {Bytes{1}}), kWitness);
    // Taproot: key path, script path, annex.
    const Script taproot = witness_script(1, Bytes(32, 1));
    const auto spend_taproot = [&](std::vector<Bytes> witness) {
        return verdict(taproot, Script{}, std::move(witness));
    };
    EXPECT_EQ(spend_taproot({Bytes(64, 1)}), std::nullopt);
    EXPECT_EQ(spend_taproot({Bytes(64, 1), Bytes{0x50}}), kWitness);
    EXPECT_EQ(spend_taproot({Bytes(80, 1), Bytes(9'000, OP_NOP), Bytes(33, 0xc0)}), std::nullopt);
    EXPECT_EQ(spend_taproot({Bytes(81, 1), Bytes(9'000, OP_NOP), Bytes(33, 0xc1)}), kWitness);
    EXPECT_EQ(spend_taproot({Bytes(81, 1), Bytes{OP_NOP}, Bytes(33, 0xc2)}), std::nullopt);
    EXPECT_EQ(spend_taproot({Bytes(1, 1), Bytes{OP_NOP}, Bytes{}}), kWitness);
}

TEST(PolicyTest, check_standard_bounds_data_by_all_outputs_together) {
    MempoolOptions options;
    options.data_carrier_bytes_max = 100;
    TransactionData data = spend({{Txid{}, 0}}, {Amount{1000}});
    const Script half = ScriptBuilder{}.op(OP_RETURN).push(Bytes(48, 1)).build();
    ASSERT_EQ(half.size(), 50u);
    data.outputs.push_back({Amount{0}, half});
    data.outputs.push_back({Amount{0}, half});
    EXPECT_FALSE(check_standard(Transaction{data}, options));
    data.outputs.push_back({Amount{0}, hex("6a")});
    EXPECT_EQ(*check_standard(Transaction{data}, options), "datacarrier");
    options.data_carrier = false;
    data.outputs = {{Amount{0}, hex("6a")}};
    EXPECT_EQ(*check_standard(Transaction{data}, options), "datacarrier");
}

TEST(PolicyTest, check_standard_multisig_by_option) {
    MempoolOptions options;
    TransactionData data = spend({{Txid{}, 0}}, {});
    data.outputs.push_back({Amount{kCoin}, hex(multisig(1, 2, 2))});
    EXPECT_FALSE(check_standard(Transaction{data}, options));
    options.permit_bare_multisig = false;
    EXPECT_EQ(*check_standard(Transaction{data}, options), "bare-multisig");
}

TEST(PolicyTest, needs_witness_where_a_program_is_spent_openly_or_behind_a_hash) {
    const auto needed = [](const Script& spent, const Script& script_sig) {
        TransactionData data = spend({{Txid{}, 0}}, {Amount{10'000}});
        data.inputs[0].script_sig = script_sig;
        const std::vector<Coin> coins{{TxOutput{Amount{20'000}, spent}, Height{1}, false}};
        return needs_witness(Transaction{data}, coins);
    };
    const Script program = witness_script(0, Bytes(20, 1));
    const Script redeem = ScriptBuilder{}.push(program.bytes()).build();
    EXPECT_TRUE(needed(program, Script{}));
    EXPECT_TRUE(needed(witness_script(1, Bytes(32, 1)), Script{}));
    EXPECT_TRUE(needed(p2sh_script(hash160(program.bytes())), redeem));
    EXPECT_FALSE(needed(p2sh_script(hash160(program.bytes())), Script{}));
    EXPECT_FALSE(needed(p2pkh_script(Hash160{}), redeem));
    EXPECT_FALSE(needed(witness_script(1, Bytes{0x4e, 0x73}), Script{})) << "an anchor";
}

TEST(PolicyTest, refusal_of_inputs_says_which_and_why) {
    const auto detail = [](const Script& spent, const Script& script_sig) {
        TransactionData data = spend({{Txid{}, 0}, {Txid{}, 1}}, {Amount{10'000}});
        for (auto& input : data.inputs) input.witness.clear();
        data.inputs[1].script_sig = script_sig;
        const Coin usual{TxOutput{Amount{1}, p2pkh_script(Hash160{})}, Height{1}, false};
        const std::vector<Coin> coins{usual, {TxOutput{Amount{1}, spent}, Height{1}, false}};
        return check_standard_inputs(Transaction{data}, coins).value().detail;
    };
    EXPECT_EQ(detail(hex("52"), Script{}), "input 1 script unknown");
    EXPECT_EQ(detail(witness_script(2, Bytes(32, 1)), Script{}),
              "input 1 witness program is undefined");
    EXPECT_EQ(detail(p2sh_script(hash160({})), Script{}), "input 1 P2SH redeemscript missing");
    const Bytes redeem(16, OP_CHECKSIG);
    EXPECT_EQ(detail(p2sh_script(hash160(redeem)), ScriptBuilder{}.push(redeem).build()),
              "p2sh redeemscript sigops exceed limit (input 1: 16 > 15)");
}

TEST(PolicyTest, check_standard_inputs_refuses_unknown_programs_and_stray_witnesses) {
    TransactionData data = spend({{Txid{}, 0}}, {Amount{1000}});
    const auto verdict = [&](const Script& script) -> std::string {
        const Coin coin{{Amount{kCoin}, script}, Height{1}, false};
        const auto reason = refusal_of_inputs(Transaction{data}, std::span{&coin, 1});
        return std::string{reason.value_or("")};
    };
    EXPECT_EQ(verdict(key_script(1)), "");
    EXPECT_EQ(verdict(hex("51")), "bad-txns-nonstandard-inputs");
    EXPECT_EQ(verdict(hex("5202aabb")), "bad-txns-nonstandard-inputs");
    EXPECT_EQ(verdict(p2pkh_script(Hash160{})), "bad-witness-nonstandard");
    data.inputs[0].witness.clear();
    EXPECT_EQ(verdict(p2pkh_script(Hash160{})), "");
}

TEST(PolicyTest, policy_virtual_size_counts_dense_sigops) {
    EXPECT_EQ(policy_virtual_size(Weight{400}, 4, 20), 100);
    EXPECT_EQ(policy_virtual_size(Weight{401}, 4, 20), 101);
    EXPECT_EQ(policy_virtual_size(Weight{400}, 80, 20), 400);
}

TEST(PolicyTest, format_money_keeps_two_decimals) {
    EXPECT_EQ(format_money(Amount{kCoin}), "1.00");
    EXPECT_EQ(format_money(Amount{100'000}), "0.001");
    EXPECT_EQ(format_money(Amount{1}), "0.00000001");
    EXPECT_EQ(format_money(Amount{0}), "0.00");
    EXPECT_EQ(format_money(Amount{-150'000'000}), "-1.50");
}

TEST(RollingFeeTest, decay_follows_powers_of_two) {
    const Duration half_life = std::chrono::hours{12};
    EXPECT_EQ(decay(1'000'000, Duration{0}, half_life), 1'000'000);
    EXPECT_EQ(decay(1'000'000, half_life, half_life), 500'000);
    EXPECT_EQ(decay(1'000'000, 3 * half_life, half_life), 125'000);
    EXPECT_NEAR(static_cast<double>(decay(1'000'000, half_life / 2, half_life)), 707'106.8, 35.0);
    EXPECT_NEAR(static_cast<double>(decay(1'000'000, half_life / 12, half_life)), 943'874.3, 45.0);
    EXPECT_EQ(decay(1'000'000, 100 * half_life, half_life), 0);
    int64_t last = 1'000'000'000;
    for (int minutes = 0; minutes < 3'000; ++minutes) {
        const int64_t next = decay(1'000'000'000, std::chrono::minutes{minutes}, half_life);
        EXPECT_LE(next, last);
        last = next;
    }
}

TEST(RollingFeeTest, rate_stays_until_a_block_and_falls_faster_when_empty) {
    const TimePoint start = from_unix_seconds(1'700'000'000);
    const auto after = [&](int hours) { return start + std::chrono::hours{hours}; };
    RollingMinimumFee fee{FeeRate{100}};
    EXPECT_EQ(fee.rate_at(start, 90, 100), FeeRate{0});
    fee.evicted_at(FeeRate{3900}, start);
    EXPECT_EQ(fee.rate_at(after(1000), 90, 100), FeeRate{4000});
    fee.evicted_at(FeeRate{2000}, start);  // lower: changes nothing
    fee.chain_updated(start);
    EXPECT_EQ(fee.rate_at(after(12), 90, 100), FeeRate{2000});
    EXPECT_EQ(fee.rate_at(after(12), 40, 100), FeeRate{1000});
    EXPECT_EQ(fee.rate_at(after(12), 20, 100), FeeRate{250});
    EXPECT_EQ(fee.rate_at(after(60), 90, 100), FeeRate{125});
    EXPECT_EQ(fee.rate_at(after(72), 90, 100), FeeRate{100});  // held at the increment
    EXPECT_EQ(fee.rate_at(after(96), 90, 100), FeeRate{0});    // below half of it
    EXPECT_EQ(fee.rate_at(start - std::chrono::hours{1}, 90, 100), FeeRate{4000});
}

}  // namespace
}  // namespace parley
