// PSBTs: reading, writing, merging, and the way from an unsigned to a complete transaction.
#include "wallet/psbt/psbt.h"

#include <gtest/gtest.h>

#include "base/crypto/hash.h"
#include "chain/rules/params.h"
#include "wallet/descriptor/descriptor.h"
#include "wallet/psbt/psbt_signer.h"

namespace parley {
namespace {

class PsbtTest : public testing::Test {
 protected:
    static SecretKey secret(uint8_t number) { return *SecretKey::from_bytes(Bytes(32, number)); }
    static std::string hex(uint8_t number) { return to_hex(secret(number).public_key().bytes()); }
    static std::string x(uint8_t number) { return hex(number).substr(2); }

    /// A PSBT that spends one output of that descriptor, whose scripts and keys become known.
    Psbt spend_of(const std::string& text, uint32_t version) {
        const auto descriptor = Descriptor::parse(text, params, false);
        EXPECT_TRUE(descriptor) << text;
        known = {};
        const Script output = descriptor->solve(0, known, false).front();
        TransactionData funding;
        funding.inputs.push_back({OutPoint{Txid{Hash256{{5}}}, 0}, {}, 0, {}});
        funding.outputs.push_back({Amount{50'000}, output});
        previous = make_transaction(std::move(funding));
        TransactionData data;
        data.inputs.push_back({{previous->txid(), 0}, {}, 0xfffffffd, {}});
        data.outputs.push_back({Amount{40'000}, p2wpkh_script(Hash160{9})});
        return Psbt::of_transaction(data, version);
    }
    std::vector<PsbtInputResult> sign(Psbt& psbt, const std::vector<uint8_t>& numbers,
                                      const PsbtSignOptions& options = {}) const {
        SolvingData with_keys = known;
        for (const uint8_t number : numbers) with_keys.add_secret(secret(number), true);
        return sign_psbt(
            psbt, [&](size_t) { return &with_keys; }, options);
    }
    static Psbt reread(const Psbt& psbt) {
        auto copy = Psbt::decode(psbt.encode());
        EXPECT_TRUE(copy) << (copy ? "" : copy.error());
        return copy.value();
    }
    static std::string error_of(const Bytes& bytes) {
        const auto psbt = Psbt::decode(bytes);
        EXPECT_FALSE(psbt);
        return psbt ? "" : psbt.error();
    }

    ChainParams params = regtest_params();
    SolvingData known;
    TransactionRef previous;
};

TEST_F(PsbtTest, every_form_is_signed_finalized_and_extracted) {
    const std::string multi = "multi(2," + hex(1) + "," + hex(2) + "," + hex(3) + ")";
    for (const std::string& text :
         {"pkh(" + hex(1) + ")", "wpkh(" + hex(1) + ")", "sh(wpkh(" + hex(1) + "))",
          "sh(" + multi + ")", "wsh(" + multi + ")", "sh(wsh(" + multi + "))", "tr(" + x(1) + ")",
          "tr(" + x(9) + ",{pk(" + x(8) + "),multi_a(2," + x(1) + "," + x(2) + ")})"}) {
        for (const uint32_t version : {0u, 2u}) {
            Psbt first = spend_of(text, version);
            EXPECT_EQ(sign(first, {1}).at(0).error, PsbtError::missing_inputs) << text;
            first.inputs[0].previous = previous;
            Psbt second = first;
            // Two signers, neither of whom finalizes; then a combiner and a finalizer.
            sign(first, {1}, {.finalize = false});
            sign(second, {2}, {.finalize = false});
            Psbt merged = reread(first);
            ASSERT_TRUE(merged.merge(reread(second)));
            const auto transaction = finalize_and_extract(merged);
            ASSERT_TRUE(transaction) << text << " " << version;
            EXPECT_EQ(verified_inputs(merged), std::vector<bool>{true});
            EXPECT_EQ(verified_inputs(reread(merged)), std::vector<bool>{true});
            EXPECT_TRUE(merged.inputs[0].signatures.empty());
        }
    }
}

TEST_F(PsbtTest, witness_utxo_is_enough_for_witness_signatures_only) {
    Psbt witness = spend_of("wpkh(" + hex(1) + ")", 0);
    witness.inputs[0].witness_utxo = previous->outputs()[0];
    EXPECT_EQ(sign(witness, {1}).at(0).error, PsbtError::none);
    EXPECT_TRUE(witness.inputs[0].is_final());
    Psbt legacy = spend_of("pkh(" + hex(1) + ")", 0);
    legacy.inputs[0].witness_utxo = previous->outputs()[0];
    EXPECT_EQ(sign(legacy, {1}).at(0).error, PsbtError::incomplete);
    EXPECT_FALSE(legacy.inputs[0].is_final());
    EXPECT_TRUE(legacy.inputs[0].signatures.empty());
}

TEST_F(PsbtTest, sighash_type_must_agree_with_the_psbt) {
    Psbt psbt = spend_of("wpkh(" + hex(1) + ")", 0);
    psbt.inputs[0].previous = previous;
    psbt.inputs[0].sighash_type = kSighashNone;
    EXPECT_EQ(sign(psbt, {1}).at(0).error, PsbtError::sighash_mismatch);
    EXPECT_EQ(sign(psbt, {1}, {.sighash_type = kSighashNone}).at(0).error, PsbtError::none);
    Psbt noted = spend_of("wpkh(" + hex(1) + ")", 0);
    noted.inputs[0].previous = previous;
    sign(noted, {}, {.sighash_type = kSighashSingle});
    EXPECT_EQ(noted.inputs[0].sighash_type, kSighashSingle);
    Psbt usual = spend_of("wpkh(" + hex(1) + ")", 0);
    usual.inputs[0].previous = previous;
    sign(usual, {}, {.sighash_type = kSighashAll});
    EXPECT_FALSE(usual.inputs[0].sighash_type);
}

TEST_F(PsbtTest, analyze_names_what_is_missing_and_who_is_next) {
    Psbt psbt = spend_of("wsh(multi(2," + hex(1) + "," + hex(2) + "))", 0);
    PsbtAnalysis analysis = analyze_psbt(psbt);
    EXPECT_EQ(analysis.next, PsbtRole::updater);
    EXPECT_FALSE(analysis.inputs[0].has_utxo);
    EXPECT_FALSE(analysis.fee);
    psbt.inputs[0].previous = previous;
    analysis = analyze_psbt(psbt);
    EXPECT_EQ(analysis.next, PsbtRole::updater);
    EXPECT_TRUE(analysis.inputs[0].missing.witness_script);
    EXPECT_EQ(analysis.fee, Amount{10'000});
    EXPECT_FALSE(analysis.virtual_size);
    sign(psbt, {1});
    analysis = analyze_psbt(psbt);
    EXPECT_EQ(analysis.next, PsbtRole::signer);
    EXPECT_EQ(analysis.inputs[0].missing.signatures.size(), 1u);
    ASSERT_TRUE(analysis.virtual_size);
    sign(psbt, {2}, {.finalize = false});
    EXPECT_EQ(analyze_psbt(psbt).next, PsbtRole::finalizer);
    const int64_t estimated = *analyze_psbt(psbt).virtual_size;
    const auto complete = finalize_and_extract(psbt);
    ASSERT_TRUE(complete);
    EXPECT_EQ(analyze_psbt(psbt).next, PsbtRole::extractor);
    EXPECT_TRUE(analyze_psbt(psbt).inputs[0].is_final);
    EXPECT_NEAR(static_cast<double>(Transaction{*complete}.virtual_size()),
                static_cast<double>(estimated), 1.0);
}

TEST_F(PsbtTest, analyze_refuses_impossible_amounts) {
    Psbt psbt = spend_of("wpkh(" + hex(1) + ")", 0);
    psbt.inputs[0].witness_utxo = {Amount{kMaxMoney.value() + 1},
                                   previous->outputs()[0].script_pubkey};
    EXPECT_EQ(analyze_psbt(psbt).error, "PSBT is not valid. Input 0 has invalid value");
    psbt.inputs[0].witness_utxo = {Amount{1}, Script{Bytes{OP_RETURN}}};
    EXPECT_EQ(analyze_psbt(psbt).error, "PSBT is not valid. Input 0 spends unspendable output");
    psbt.inputs[0].witness_utxo = previous->outputs()[0];
    psbt.outputs[0].output.value = Amount{kMaxMoney.value() + 1};
    EXPECT_EQ(analyze_psbt(psbt).error, "PSBT is not valid. Output amount invalid");
    EXPECT_EQ(analyze_psbt(psbt).next, PsbtRole::creator);
}

TEST_F(PsbtTest, outputs_get_scripts_origins_and_trees) {
    const auto descriptor = Descriptor::parse("tr(" + x(1) + ",pk(" + x(2) + "))", params, false);
    PsbtOutput output;
    output.output.script_pubkey = descriptor->solve(0, known, false).front();
    update_output(output, known);
    EXPECT_EQ(to_hex(*output.scripts.taproot_internal_key), x(1));
    ASSERT_EQ(output.taproot_tree.size(), 1u);
    ASSERT_EQ(output.scripts.taproot_origins.size(), 2u);
    XOnlyKey leaf_key = secret(2).public_key().x_only();
    EXPECT_EQ(output.scripts.taproot_origins.at(leaf_key).leaves.size(), 1u);
    Psbt psbt = spend_of("sh(wpkh(" + hex(3) + "))", 2);
    psbt.outputs[0] = output;
    psbt.outputs[0].output.value = Amount{7};
    const Psbt copy = reread(psbt);
    EXPECT_EQ(copy.outputs[0].taproot_tree, output.taproot_tree);
    EXPECT_EQ(copy.outputs[0].scripts.taproot_origins, output.scripts.taproot_origins);
    EXPECT_EQ(copy.outputs[0].output.value, Amount{7});
}

TEST_F(PsbtTest, merge_refuses_other_transactions_and_versions) {
    Psbt psbt = spend_of("wpkh(" + hex(1) + ")", 0);
    Psbt other = psbt;
    other.outputs[0].output.value = Amount{39'999};
    EXPECT_FALSE(psbt.merge(other));
    EXPECT_FALSE(psbt.merge(spend_of("wpkh(" + hex(1) + ")", 2)));
    Psbt same = psbt;
    same.unknown[{0x77}] = {1};
    EXPECT_TRUE(psbt.merge(same));
    EXPECT_EQ(psbt.unknown.size(), 1u);
    // BIP370: the sequence is no part of the identity of version 2.
    Psbt second = spend_of("wpkh(" + hex(1) + ")", 2);
    Psbt later = second;
    later.inputs[0].sequence = 7;
    EXPECT_TRUE(second.merge(later));
    EXPECT_EQ(second.inputs[0].sequence, 0xfffffffd);
}

TEST_F(PsbtTest, locktime_is_the_highest_that_all_inputs_allow) {
    Psbt psbt = spend_of("wpkh(" + hex(1) + ")", 2);
    psbt.fallback_locktime = 11;
    EXPECT_EQ(psbt.locktime(), 11u);
    psbt.inputs.push_back(psbt.inputs[0]);
    psbt.inputs[0].height_locktime = 100;
    psbt.inputs[0].time_locktime = 600'000'000;
    EXPECT_EQ(psbt.locktime(), 100u);
    psbt.inputs[1].time_locktime = 700'000'000;
    EXPECT_EQ(psbt.locktime(), 700'000'000u);
    psbt.inputs[0].time_locktime.reset();
    EXPECT_FALSE(psbt.locktime());
    EXPECT_FALSE(psbt.unsigned_transaction());
}

TEST_F(PsbtTest, decode_refuses_damage_at_every_length) {
    Psbt psbt = spend_of("wsh(multi(1," + hex(1) + "," + hex(2) + "))", 2);
    psbt.inputs[0].previous = previous;
    sign(psbt, {1}, {.finalize = false});
    const Bytes bytes = psbt.encode();
    for (size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(Psbt::decode(ByteSpan{bytes}.first(size))) << size;
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_EQ(error_of(longer), "extra data after PSBT");
    EXPECT_EQ(error_of(Bytes{'p', 's', 'b', 't', 0}), "Invalid PSBT magic bytes: iostream error");
    Psbt claims = psbt;
    claims.inputs[0].prevout.index = 1;
    EXPECT_EQ(error_of(claims.encode()),
              "Input specifies output index that does not exist: iostream error");
    EXPECT_EQ(Psbt::from_base64("%").error(), "invalid base64");
}

TEST_F(PsbtTest, previous_transactions_are_dropped_for_taproot_only) {
    for (const bool taproot : {true, false}) {
        Psbt psbt = spend_of((taproot ? "tr(" : "wpkh(") + hex(1) + ")", 0);
        psbt.inputs[0].previous = previous;
        sign(psbt, {});
        remove_unnecessary_transactions(psbt);
        EXPECT_EQ(psbt.inputs[0].previous == nullptr, taproot);
        EXPECT_TRUE(psbt.inputs[0].witness_utxo);
    }
}

}  // namespace
}  // namespace parley
