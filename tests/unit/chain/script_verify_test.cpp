#include <gtest/gtest.h>

#include "base/crypto/keys.h"
#include "base/random.h"
#include "base/uint256.h"
#include "chain/script/script_check.h"
#include "chain/script/signature_encoding.h"
#include "chain/script/taproot.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

constexpr ScriptFlags kConsensus = kConsensusScriptFlags;
constexpr ScriptFlags kPolicy = kStandardScriptFlags | kVerifySigPushOnly;

SecretKey test_key(uint8_t seed = 1) {
    return *SecretKey::from_bytes(Bytes(32, seed));
}

// A spend of one output by one input, which a test signs and then changes.
struct Spend {
    SecretKey key = test_key();
    bool compressed = true;
    TxOutput spent{Amount{1000}, {}};
    TransactionData data;
    uint8_t hash_type = kSighashAll;

    Spend() {
        data.inputs.resize(2);
        data.inputs[0].prevout = {Txid{Hash256{{1}}}, 7};
        data.inputs[1].prevout = {Txid{Hash256{{2}}}, 8};
        data.outputs = {TxOutput{Amount{400}, Script{Bytes{OP_TRUE}}},
                        TxOutput{Amount{500}, Script{Bytes{OP_TRUE}}}};
    }
    Bytes public_key() const { return to_bytes(key.public_key(compressed).bytes()); }
    Hash160 key_hash() const { return hash160(public_key()); }

    Bytes sign(const Hash256& message) const {
        Bytes signature = key.sign_der(message);
        signature.push_back(hash_type);
        return signature;
    }
    Bytes legacy_signature() const {
        return sign(legacy_signature_hash(data, 0, spent.script_pubkey.bytes(), hash_type));
    }
    Bytes witness_signature() const {
        const Script code = p2pkh_script(key_hash());
        return sign(witness_v0_signature_hash(data, 0, code.bytes(), spent.value, hash_type));
    }

    void p2pk() {
        spent.script_pubkey = ScriptBuilder{}.push(public_key()).op(OP_CHECKSIG).build();
        data.inputs[0].script_sig = ScriptBuilder{}.push(legacy_signature()).build();
    }
    void p2pkh() {
        spent.script_pubkey = p2pkh_script(key_hash());
        data.inputs[0].script_sig =
            ScriptBuilder{}.push(legacy_signature()).push(public_key()).build();
    }
    void p2wpkh() {
        spent.script_pubkey = p2wpkh_script(key_hash());
        data.inputs[0].witness = {witness_signature(), public_key()};
    }
    // The other input spends an output of the same script.
    SpendingTransactionRef spending() const {
        return std::make_shared<const SpendingTransaction>(make_transaction(data),
                                                           std::vector(data.inputs.size(), spent));
    }
    std::optional<ScriptError> verify(ScriptFlags flags) const {
        return run_script_check({spending(), 0, flags});
    }
};

using Form = void (Spend::*)();
constexpr Form kForms[] = {&Spend::p2pk, &Spend::p2pkh, &Spend::p2wpkh};

TEST(RunScriptCheck, each_form_with_each_hash_type_is_allowed) {
    for (const Form form : kForms) {
        for (const uint8_t type : Bytes{0x01, 0x02, 0x03, 0x81, 0x82, 0x83}) {
            Spend spend;
            spend.hash_type = type;
            (spend.*form)();
            EXPECT_EQ(spend.verify(kConsensus), std::nullopt);
            EXPECT_EQ(spend.verify(kPolicy), std::nullopt);
        }
    }
}

TEST(RunScriptCheck, witness_signature_covers_the_amount) {
    Spend spend;
    spend.p2wpkh();
    EXPECT_EQ(spend.verify(kPolicy), std::nullopt);
    spend.spent.value = Amount{1001};
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::eval_false);
}

TEST(RunScriptCheck, what_the_signature_covers_must_not_change) {
    for (const Form form : kForms) {
        Spend spend;
        (spend.*form)();
        const Spend signed_spend = spend;
        spend.data.outputs[1].value = Amount{501};
        EXPECT_EQ(spend.verify(kConsensus), ScriptError::eval_false);
        EXPECT_EQ(spend.verify(kPolicy), ScriptError::signature_null_fail);
        spend = signed_spend;
        spend.data.inputs[1].prevout.index = 9;
        EXPECT_EQ(spend.verify(kConsensus), ScriptError::eval_false);
        spend = signed_spend;
        spend.data.locktime = 1;
        EXPECT_EQ(spend.verify(kConsensus), ScriptError::eval_false);
    }
}

TEST(RunScriptCheck, what_the_signature_leaves_open_may_change) {
    for (const Form form : kForms) {
        Spend spend;
        spend.hash_type = kSighashSingle | kSighashAnyoneCanPay;
        (spend.*form)();
        spend.data.outputs[1].value = Amount{1};
        spend.data.inputs.pop_back();
        EXPECT_EQ(spend.verify(kPolicy), std::nullopt);
        spend.data.outputs[0].value = Amount{1};
        EXPECT_EQ(spend.verify(kConsensus), ScriptError::eval_false);
    }
}

TEST(RunScriptCheck, any_changed_byte_of_a_signature_is_refused) {
    SeededRandom random(test_seed());
    Spend spend;
    spend.p2wpkh();
    auto items = spend.data.inputs[0].witness.copy();
    const Bytes signature = items[0];
    for (int i = 0; i < 300; ++i) {
        Bytes changed = signature;
        changed[random.uniform(changed.size() - 1)] ^=
            static_cast<uint8_t>(1 + random.uniform(255));
        items[0] = changed;
        spend.data.inputs[0].witness = items;
        EXPECT_NE(spend.verify(kPolicy), std::nullopt) << to_hex(changed);
    }
}

TEST(RunScriptCheck, wrong_key_breaks_the_hash) {
    Spend spend;
    spend.p2pkh();
    const Bytes signature = spend.legacy_signature();
    const Bytes other = to_bytes(test_key(2).public_key().bytes());
    spend.data.inputs[0].script_sig = ScriptBuilder{}.push(signature).push(other).build();
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::equal_verify);
    Spend witness;
    witness.p2wpkh();
    auto items = witness.data.inputs[0].witness.copy();
    items[1] = other;
    witness.data.inputs[0].witness = items;
    EXPECT_EQ(witness.verify(kConsensus), ScriptError::equal_verify);
}

TEST(RunScriptCheck, uncompressed_keys_are_consensus_but_not_policy_in_witnesses) {
    for (const Form form : {kForms[0], kForms[1]}) {
        Spend spend;
        spend.compressed = false;
        (spend.*form)();
        EXPECT_EQ(spend.verify(kPolicy), std::nullopt);
    }
    Spend spend;
    spend.compressed = false;
    spend.p2wpkh();
    EXPECT_EQ(spend.verify(kConsensus), std::nullopt);
    EXPECT_EQ(spend.verify(kPolicy), ScriptError::witness_public_key_type);
}

TEST(RunScriptCheck, hybrid_key_is_consensus_but_not_strict) {
    Spend spend;
    Bytes key = to_bytes(spend.key.public_key(false).bytes());
    key[0] = static_cast<uint8_t>(6 + (key[64] & 1));
    spend.spent.script_pubkey = ScriptBuilder{}.push(key).op(OP_CHECKSIG).build();
    spend.data.inputs[0].script_sig = ScriptBuilder{}.push(spend.legacy_signature()).build();
    EXPECT_EQ(spend.verify(kConsensus), std::nullopt);
    EXPECT_EQ(spend.verify(kPolicy), ScriptError::public_key_type);
}

TEST(RunScriptCheck, empty_signature_is_false_but_no_error_of_its_own) {
    Spend spend;
    spend.p2pk();
    spend.data.inputs[0].script_sig = Script{Bytes{OP_0}};
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::eval_false);
    EXPECT_EQ(spend.verify(kPolicy), ScriptError::eval_false);
    spend.data.inputs[0].script_sig = Script{};
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::stack_operation);
}

TEST(RunScriptCheck, encodings_are_refused_from_their_rule_on) {
    Spend spend;
    spend.p2pk();
    const auto with = [&](Bytes signature) {
        spend.data.inputs[0].script_sig = ScriptBuilder{}.push(signature).build();
        return spend;
    };
    const Bytes good = spend.legacy_signature();
    // A padded R: lax parsers take it, BIP66 does not.
    Bytes padded = good;
    padded[1] = static_cast<uint8_t>(padded[1] + 1);
    padded[3] = static_cast<uint8_t>(padded[3] + 1);
    padded.insert(padded.begin() + 4, 0);
    EXPECT_EQ(with(padded).verify(kVerifyNone), std::nullopt);
    EXPECT_EQ(with(padded).verify(kVerifyDerSignatures), ScriptError::signature_der);

    Bytes odd_type = good;
    odd_type.back() = 5;
    EXPECT_EQ(with(odd_type).verify(kConsensus), ScriptError::eval_false);
    EXPECT_EQ(with(odd_type).verify(kPolicy), ScriptError::signature_hash_type);
    spend.hash_type = 5;
    EXPECT_EQ(with(spend.legacy_signature()).verify(kConsensus), std::nullopt);
}

// S replaced by the order minus S.
Bytes high_s(const Bytes& signature) {
    const size_t r_size = signature[3];
    const Bytes head(signature.begin(), signature.begin() + 4 + static_cast<ptrdiff_t>(r_size));
    const size_t s_offset = 4 + r_size + 2;
    Bytes s(signature.begin() + static_cast<ptrdiff_t>(s_offset), signature.end() - 1);
    std::array<uint8_t, 32> raw{};
    std::copy(s.rbegin(), s.rend(), raw.begin());
    const U256 order = U256::from_hash(
        *Hash256::from_string("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
    const Hash256 negated = (order - U256::from_hash(Hash256{raw})).to_hash();
    Bytes encoded{0};
    encoded.insert(encoded.end(), negated.bytes().rbegin(), negated.bytes().rend());
    Bytes result = head;
    result[1] = static_cast<uint8_t>(4 + r_size + encoded.size());
    result.push_back(2);
    result.push_back(static_cast<uint8_t>(encoded.size()));
    append(result, encoded);
    result.push_back(signature.back());
    return result;
}

TEST(RunScriptCheck, high_s_is_consensus_but_not_policy) {
    Spend spend;
    spend.p2pkh();
    const Bytes signature = high_s(spend.legacy_signature());
    ASSERT_TRUE(is_strict_der_signature(signature));
    EXPECT_FALSE(has_low_s(signature));
    spend.data.inputs[0].script_sig =
        ScriptBuilder{}.push(signature).push(spend.public_key()).build();
    EXPECT_EQ(spend.verify(kConsensus), std::nullopt);
    EXPECT_EQ(spend.verify(kPolicy), ScriptError::signature_high_s);
}

TEST(RunScriptCheck, bare_true_is_allowed_and_must_be_clean_by_policy) {
    Spend spend;
    spend.spent.script_pubkey = Script{Bytes{OP_TRUE}};
    EXPECT_EQ(spend.verify(kPolicy), std::nullopt);
    spend.data.inputs[0].script_sig = Script{Bytes{OP_0}};
    EXPECT_EQ(spend.verify(kConsensus), std::nullopt);
    EXPECT_EQ(spend.verify(kPolicy), ScriptError::clean_stack);
    spend.data.inputs[0].script_sig = Script{};
    spend.data.inputs[0].witness = {Bytes{1}};
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::witness_unexpected);
    EXPECT_EQ(spend.verify(kVerifyNone), std::nullopt);
}

TEST(RunScriptCheck, script_sig_limits_hold) {
    Spend spend;
    spend.spent.script_pubkey = Script{Bytes{OP_TRUE}};
    const auto verdict = [&](Bytes script, ScriptFlags flags = kConsensus) {
        spend.data.inputs[0].script_sig = Script{std::move(script)};
        return spend.verify(flags);
    };
    EXPECT_EQ(verdict(Bytes(999, OP_0)), std::nullopt);
    EXPECT_EQ(verdict(Bytes(1000, OP_0)), ScriptError::stack_size);
    EXPECT_EQ(verdict(Bytes(10'001, OP_0)), ScriptError::script_size);
    EXPECT_EQ(verdict({OP_PUSHDATA1}), ScriptError::bad_opcode);
    EXPECT_EQ(verdict({2, 1}), ScriptError::bad_opcode);
    EXPECT_EQ(verdict({OP_RESERVED}), ScriptError::bad_opcode);
    EXPECT_EQ(verdict({OP_DUP}), ScriptError::stack_operation);
    EXPECT_EQ(verdict({OP_1, OP_DUP}), std::nullopt);
    EXPECT_EQ(verdict({OP_DUP}, kPolicy), ScriptError::signature_push_only);
    EXPECT_EQ(verdict({OP_PUSHDATA1, 1, 5}, kPolicy), ScriptError::minimal_data);
    EXPECT_EQ(verdict({OP_PUSHDATA1, 1, 5}), std::nullopt);
    Bytes push{OP_PUSHDATA2, 0x08, 0x02};
    push.resize(3 + 520);
    EXPECT_EQ(verdict(push), std::nullopt);
    push[1] = 0x09;
    push.push_back(0);
    EXPECT_EQ(verdict(push), ScriptError::push_size);
}

TEST(RunScriptCheck, witness_of_the_wrong_shape_is_refused) {
    Spend spend;
    spend.p2wpkh();
    const auto good = spend.data.inputs[0].witness;
    spend.data.inputs[0].witness.clear();
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::witness_mismatch);
    spend.data.inputs[0].witness = {good[0], good[1], good[1]};
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::witness_mismatch);
    spend.data.inputs[0].witness = good;
    spend.data.inputs[0].script_sig = Script{Bytes{OP_0}};
    EXPECT_EQ(spend.verify(kConsensus), ScriptError::witness_malleated);
    Spend odd;
    odd.spent.script_pubkey = witness_script(0, Bytes(21, 1));
    EXPECT_EQ(odd.verify(kConsensus), ScriptError::witness_length);
}

TEST(RunScriptCheck, programs_of_the_future_are_consensus_but_not_policy) {
    for (const Script& script :
         {witness_script(1, Bytes(33, 1)), witness_script(1, Bytes(2, 1)),
          witness_script(2, Bytes(32, 1)), witness_script(16, Bytes(2, 1))}) {
        Spend spend;
        spend.spent.script_pubkey = script;
        EXPECT_EQ(spend.verify(kConsensus), std::nullopt);
        EXPECT_EQ(spend.verify(kPolicy), ScriptError::discourage_upgradable_witness);
    }
    Spend anchor;
    anchor.spent.script_pubkey = witness_script(1, Bytes{0x4e, 0x73});
    EXPECT_EQ(anchor.verify(kPolicy), std::nullopt);
    Spend wrapped;
    const Script program = witness_script(1, Bytes(32, 1));
    wrapped.spent.script_pubkey = p2sh_script(hash160(program.bytes()));
    wrapped.data.inputs[0].script_sig = ScriptBuilder{}.push(program.bytes()).build();
    EXPECT_EQ(wrapped.verify(kConsensus), std::nullopt) << "taproot does not hide behind a hash";
}

// A taproot output with one leaf, spent by its script.
struct Leaf {
    Spend spend;
    Bytes script;
    std::vector<Bytes> items;  // below the script

    void pay() {
        const auto internal = test_key(7).public_key().x_only();
        const Hash256 leaf = tapleaf_hash(kTapscriptLeafVersion, script);
        Bytes even{2};
        append(even, internal);
        const auto output =
            *PublicKey::parse(even)->tweak_add(taptweak_hash(internal, &leaf).bytes());
        spend.spent.script_pubkey = witness_script(1, output.x_only());
        Bytes control{static_cast<uint8_t>(kTapscriptLeafVersion | (output.bytes()[0] & 1))};
        append(control, internal);
        auto& witness = spend.data.inputs[0].witness;
        witness = items;
        witness.push_back(script);
        witness.push_back(control);
    }
    // By the key that `spend` has. REQUIRES: pay() was called.
    Bytes signature(uint32_t code_separator = TaprootSpend::kNoCodeSeparator) const {
        TaprootSpend commitment;
        commitment.leaf_hash = tapleaf_hash(kTapscriptLeafVersion, script);
        commitment.code_separator = code_separator;
        const auto parts =
            sighash_parts(spend.data, std::vector(spend.data.inputs.size(), spend.spent));
        const auto message =
            taproot_signature_hash(spend.data, 0, spend.spent, kSighashDefault, parts, commitment);
        return to_bytes(spend.key.sign_schnorr(*message, {}));
    }
    std::optional<ScriptError> verdict(ScriptFlags flags = kConsensus) {
        pay();
        return spend.verify(flags);
    }
};

TEST(Tapscript, each_rule_of_bip342_has_its_reason) {
    const Bytes key = to_bytes(test_key().public_key().x_only());
    const auto run = [](Bytes script, std::vector<Bytes> items, ScriptFlags flags = kConsensus) {
        Leaf leaf{{}, std::move(script), std::move(items)};
        return leaf.verdict(flags);
    };
    EXPECT_EQ(run({OP_1}, {}, kPolicy), std::nullopt);
    EXPECT_EQ(run({OP_0}, {}), ScriptError::eval_false);
    EXPECT_EQ(run({OP_1}, {Bytes{1}}), ScriptError::clean_stack);
    EXPECT_EQ(run({OP_CAT}, {}), std::nullopt) << "OP_SUCCESS126";
    EXPECT_EQ(run({OP_CAT}, {}, kPolicy), ScriptError::discourage_op_success);
    EXPECT_EQ(run({OP_CAT, OP_PUSHDATA1}, {}), std::nullopt) << "nothing behind it counts";
    EXPECT_EQ(run({OP_PUSHDATA1}, {}), ScriptError::bad_opcode);
    EXPECT_EQ(run({OP_1, OP_1, OP_CHECKMULTISIG}, {}), ScriptError::tapscript_multisig);
    EXPECT_EQ(run({OP_IF, OP_1, OP_ENDIF}, {Bytes{2}}), ScriptError::tapscript_minimal_if);
    EXPECT_EQ(run({OP_0, OP_0, OP_CHECKSIG}, {}), ScriptError::tapscript_empty_public_key);
    EXPECT_EQ(run({OP_0, OP_1, OP_0, OP_CHECKSIGADD}, {}), ScriptError::tapscript_empty_public_key);
    EXPECT_EQ(run({OP_CHECKSIGADD}, {}), ScriptError::stack_operation);
    EXPECT_EQ(run(Bytes(202, OP_NOP), {Bytes{1}}), std::nullopt) << "opcodes are not counted";
    EXPECT_EQ(run({OP_DROP, OP_1}, {Bytes(521, 1)}), ScriptError::push_size);
    EXPECT_EQ(run({OP_CAT}, {Bytes(521, 1)}), std::nullopt);
    EXPECT_EQ(run({OP_1}, std::vector<Bytes>(1001)), ScriptError::stack_size);
    Bytes large(10'001, OP_NOP);
    large.push_back(OP_1);
    EXPECT_EQ(run(large, {}), std::nullopt) << "scripts have no limit";
    // A key of an unknown kind: any signature is good, until a fork says otherwise.
    EXPECT_EQ(run({OP_1, 2, 9, 9, OP_CHECKSIG}, {}), std::nullopt);
    EXPECT_EQ(run({OP_1, 2, 9, 9, OP_CHECKSIG}, {}, kPolicy),
              ScriptError::discourage_upgradable_key_type);
    Bytes check{32};
    append(check, key);
    check.push_back(OP_CHECKSIG);
    EXPECT_EQ(run(check, {Bytes{}}), ScriptError::eval_false);
    EXPECT_EQ(run(check, {Bytes(63, 1)}), ScriptError::schnorr_size);
    EXPECT_EQ(run(check, {Bytes(64, 1)}), ScriptError::schnorr_signature);
    EXPECT_EQ(run(check, {Bytes(65, 0)}), ScriptError::schnorr_hash_type);
    EXPECT_EQ(run(check, {Bytes(65, 4)}), ScriptError::schnorr_hash_type);
    EXPECT_EQ(run(check, {Bytes(65, 0x80)}), ScriptError::schnorr_hash_type) << "of no outputs";
}

TEST(Tapscript, signature_commits_to_the_last_executed_code_separator) {
    const Bytes key = to_bytes(test_key().public_key().x_only());
    Leaf leaf;
    leaf.script = {OP_CODESEPARATOR, OP_NOP, OP_CODESEPARATOR, 32};
    append(leaf.script, key);
    leaf.script.push_back(OP_CHECKSIG);
    leaf.pay();
    for (const uint32_t position : {TaprootSpend::kNoCodeSeparator, 0u, 1u, 2u, 3u}) {
        leaf.items = {leaf.signature(position)};
        EXPECT_EQ(leaf.verdict(kPolicy),
                  position == 2 ? std::nullopt : std::optional{ScriptError::schnorr_signature});
    }
}

TEST(Tapscript, budget_is_the_size_of_the_witness_and_50) {
    // Checks the same signature again and again. Each check takes 50 and brings 35 bytes of script;
    // with the other 155 bytes of budget, ten of them fit.
    const Bytes key = to_bytes(test_key().public_key().x_only());
    for (const int checks : {1, 10, 11, 12}) {
        Leaf leaf;
        for (int i = 0; i < checks; ++i) {
            append(leaf.script, Bytes{OP_DUP, 32});
            append(leaf.script, key);
            leaf.script.push_back(OP_CHECKSIGVERIFY);
        }
        append(leaf.script, Bytes{OP_DROP, OP_1});
        leaf.pay();
        leaf.items = {leaf.signature()};
        EXPECT_EQ(leaf.verdict(), checks <= 10
                                      ? std::nullopt
                                      : std::optional{ScriptError::tapscript_validation_weight});
    }
}

TEST(Taproot, control_block_has_one_of_129_sizes) {
    Leaf leaf;
    leaf.script = {OP_1};
    leaf.pay();
    auto items = leaf.spend.data.inputs[0].witness.copy();
    for (const size_t size :
         {size_t{1}, size_t{32}, size_t{34}, size_t{64}, size_t{33 + 32 * 129}}) {
        items.back().resize(size);
        leaf.spend.data.inputs[0].witness = items;
        EXPECT_EQ(leaf.spend.verify(kConsensus), ScriptError::taproot_control_size) << size;
    }
    for (const size_t size : {size_t{33 + 32}, size_t{33 + 32 * 128}}) {
        items.back().resize(size);
        leaf.spend.data.inputs[0].witness = items;
        EXPECT_EQ(leaf.spend.verify(kConsensus), ScriptError::witness_mismatch) << size;
    }
}

TEST(InlineScriptVerifier, the_first_failure_is_reported) {
    Spend good;
    good.p2pkh();
    Spend bad = good;
    bad.data.locktime = 9;
    Spend worse;
    worse.spent.script_pubkey = Script{};
    const auto check = [](const Spend& spend) {
        return ScriptCheck{spend.spending(), 0, kConsensus};
    };
    InlineScriptVerifier verifier;
    EXPECT_FALSE(verifier.verify_all({}).has_value());
    const std::vector all_good{check(good), check(good)};
    EXPECT_FALSE(verifier.verify_all(all_good).has_value());
    const std::vector mixed{check(good), check(bad), check(good), check(worse)};
    const auto failure = verifier.verify_all(mixed);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->check, 1u);
    EXPECT_EQ(failure->error, ScriptError::eval_false);
}

TEST(StrictDer, each_rule_of_bip66_is_enforced) {
    const auto strict = [](const char* hex) { return is_strict_der_signature(*from_hex(hex)); };
    EXPECT_TRUE(strict("300602010102010101"));
    EXPECT_FALSE(strict("30060201010201"));        // too short
    EXPECT_FALSE(strict("310602010102010101"));    // no sequence
    EXPECT_FALSE(strict("300702010102010101"));    // wrong length
    EXPECT_FALSE(strict("300603010102010101"));    // R no integer
    EXPECT_FALSE(strict("300602010103010101"));    // S no integer
    EXPECT_FALSE(strict("300602000102010101"));    // R empty
    EXPECT_FALSE(strict("300602018102010101"));    // R negative
    EXPECT_FALSE(strict("300602010102018101"));    // S negative
    EXPECT_FALSE(strict("30070202000102010101"));  // R padded
    EXPECT_TRUE(strict("30070202008102010101"));   // a zero that is needed
    EXPECT_FALSE(strict("30070201010202000101"));  // S padded
    EXPECT_FALSE(strict("3007020101020101ff01"));  // more behind S
    // R and S of 33 bytes: 73 in all, and one more for a longer S.
    const std::string number = "00" + std::string(64, 'f');
    EXPECT_TRUE(strict(("30460221" + number + "0221" + number + "01").c_str()));
    EXPECT_FALSE(strict(("30470221" + number + "0222" + number + "ff01").c_str()));
    EXPECT_FALSE(is_strict_der_signature(Bytes(74, 0x30)));
    EXPECT_FALSE(is_strict_der_signature({}));
}

}  // namespace
}  // namespace parley
