// Signing of multisig, wrapped and taproot outputs: complete, partial, and merged.
#include <gtest/gtest.h>

#include "base/crypto/hash.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"
#include "wallet/descriptor/descriptor.h"
#include "wallet/signing/signer.h"

namespace parley {
namespace {

class ScriptSigningTest : public testing::Test {
 protected:
    static SecretKey secret(uint8_t number) { return *SecretKey::from_bytes(Bytes(32, number)); }
    static std::string hex(uint8_t number) { return to_hex(secret(number).public_key().bytes()); }
    static std::string x(uint8_t number) { return hex(number).substr(2); }

    /// Spends an output of that descriptor with some of the keys.
    SignResult sign(const std::string& text, const std::vector<uint8_t>& numbers,
                    uint8_t type = kSighashDefault) {
        const auto descriptor = Descriptor::parse(text, params, false);
        EXPECT_TRUE(descriptor) << text << ": " << (descriptor ? "" : descriptor.error());
        known = {};
        const Script output = descriptor->solve(0, known.data, false).front();
        for (const uint8_t number : numbers) known.data.add_secret(secret(number), true);
        spent = {{coin, {Amount{5000}, output}}};
        return sign_transaction(transaction(), spent, known, type);
    }
    TransactionData transaction() const {
        TransactionData data;
        data.inputs.push_back({coin, {}, 0xfffffffd, {}});
        data.outputs.push_back({Amount{4000}, p2wpkh_script(Hash160{9})});
        return data;
    }

    struct Known final : KeyProvider {
        SolvingData data;
        SolvingData solving_data(const Script&) const override { return data; }
    };

    ChainParams params = regtest_params();
    OutPoint coin{Txid{Hash256{{7}}}, 3};
    Known known;
    SpentOutputs spent;
};

TEST_F(ScriptSigningTest, every_form_is_complete_with_enough_keys) {
    const std::string multi = "multi(2," + hex(1) + "," + hex(2) + "," + hex(3) + ")";
    for (const std::string& text :
         {"pk(" + hex(1) + ")", "sh(pk(" + hex(1) + "))", "sh(pkh(" + hex(1) + "))",
          "sh(wpkh(" + hex(1) + "))", "wsh(pkh(" + hex(1) + "))", "sh(wsh(pk(" + hex(1) + ")))",
          multi, "sh(" + multi + ")", "wsh(" + multi + ")", "sh(wsh(" + multi + "))",
          "tr(" + x(1) + ")", "rawtr(" + x(1) + ")", "tr(" + x(1) + ",pk(" + x(9) + "))"}) {
        for (const int type : {0x00, 0x01, 0x02, 0x03, 0x81, 0x82, 0x83}) {
            const SignResult result = sign(text, {1, 3}, static_cast<uint8_t>(type));
            EXPECT_TRUE(result.complete())
                << text << " " << type << ": " << result.failures.at(0).error;
        }
    }
}

TEST_F(ScriptSigningTest, default_type_is_implicit_only_in_taproot) {
    EXPECT_EQ(sign("tr(" + x(1) + ")", {1}).transaction.inputs[0].witness[0].size(), 64u);
    const SignResult all = sign("tr(" + x(1) + ")", {1}, kSighashAll);
    EXPECT_EQ(all.transaction.inputs[0].witness[0].size(), 65u);
    EXPECT_EQ(all.transaction.inputs[0].witness[0].back(), kSighashAll);
    EXPECT_EQ(sign("wpkh(" + hex(1) + ")", {1}).transaction.inputs[0].witness[0].back(),
              kSighashAll);
}

TEST_F(ScriptSigningTest, taproot_script_path_uses_the_cheapest_leaf_that_can_be_signed) {
    const std::string text = "tr(" + x(9) + ",{{pk(" + x(1) + "),pk(" + x(2) + ")},multi_a(2," +
                             x(3) + "," + x(4) + "," + x(5) + ")})";
    const SignResult single = sign(text, {2, 3});
    ASSERT_TRUE(single.complete()) << single.failures[0].error;
    EXPECT_EQ(to_hex(single.transaction.inputs[0].witness[1]), "20" + x(2) + "ac");
    // Two of three: the missing one is an empty item.
    const SignResult several = sign(text, {3, 5});
    ASSERT_TRUE(several.complete()) << several.failures[0].error;
    const auto& witness = several.transaction.inputs[0].witness;
    ASSERT_EQ(witness.size(), 5u);
    EXPECT_EQ(witness[0].size(), 64u);
    EXPECT_TRUE(witness[1].empty());
    EXPECT_EQ(witness[2].size(), 64u);
    // With the internal key, no script is shown.
    EXPECT_EQ(sign(text, {3, 5, 9}).transaction.inputs[0].witness.size(), 1u);
    // With none, nothing is signed.
    const SignResult none = sign(text, {3});
    EXPECT_FALSE(none.complete());
    EXPECT_TRUE(none.transaction.inputs[0].witness.empty());
}

TEST_F(ScriptSigningTest, partial_multisig_signatures_merge_in_any_order) {
    const std::string multi =
        "multi(3," + hex(1) + "," + hex(2) + "," + hex(3) + "," + hex(4) + ")";
    for (const std::string& text :
         {"sh(" + multi + ")", "wsh(" + multi + ")", "sh(wsh(" + multi + "))"}) {
        const SignResult first = sign(text, {4});
        ASSERT_EQ(first.failures.size(), 1u);
        EXPECT_EQ(first.failures[0].error,
                  "CHECK(MULTI)SIG failing with non-zero signature (possibly need more "
                  "signatures)");
        const SignResult second = sign(text, {2, 1});
        EXPECT_FALSE(second.complete());
        // By a combiner that knows no keys ...
        for (const auto& pair : {std::vector{first.transaction, second.transaction},
                                 std::vector{second.transaction, first.transaction}}) {
            const TransactionData merged = combine_signatures(pair, spent);
            known = {};
            EXPECT_TRUE(sign_transaction(merged, spent, known).complete()) << text;
        }
        // ... or by the next signer.
        known = {};
        const auto descriptor = Descriptor::parse(text, params, false);
        descriptor->solve(0, known.data, false);
        known.data.add_secret(secret(4), true);
        EXPECT_TRUE(sign_transaction(second.transaction, spent, known).complete()) << text;
    }
}

TEST_F(ScriptSigningTest, combine_keeps_a_complete_variant) {
    const SignResult complete = sign("wpkh(" + hex(1) + ")", {1});
    const std::vector variants{transaction(), complete.transaction};
    EXPECT_EQ(combine_signatures(variants, spent).inputs[0].witness,
              complete.transaction.inputs[0].witness);
}

TEST_F(ScriptSigningTest, missing_script_or_key_is_an_error_of_the_script) {
    sign("sh(pk(" + hex(1) + "))", {1});
    known = {};
    known.data.add_secret(secret(1), true);
    const SignResult blind = sign_transaction(transaction(), spent, known);
    ASSERT_EQ(blind.failures.size(), 1u);
    EXPECT_TRUE(blind.transaction.inputs[0].script_sig.empty());
    EXPECT_EQ(sign("pk(" + hex(1) + ")", {2}).failures.at(0).error,
              "Unable to sign input, invalid stack size (possibly missing key)");
    EXPECT_EQ(sign("wpkh(" + hex(1) + ")", {2}).failures.at(0).error,
              "Witness program hash mismatch");
}

TEST_F(ScriptSigningTest, single_without_an_output_signs_nothing) {
    sign("wpkh(" + hex(1) + ")", {1});
    TransactionData data = transaction();
    data.outputs.clear();
    data.outputs.push_back({Amount{1}, Script{}});
    data.inputs.insert(data.inputs.begin(), {OutPoint{Txid{Hash256{{8}}}, 0}, {}, 0, {}});
    spent[data.inputs[0].prevout] = {Amount{1}, p2wpkh_script(Hash160{})};
    const SignResult result = sign_transaction(data, spent, known, kSighashSingle);
    EXPECT_TRUE(result.transaction.inputs[1].witness.empty());
}

TEST_F(ScriptSigningTest, taproot_needs_every_spent_output) {
    sign("tr(" + x(1) + ")", {1});
    TransactionData data = transaction();
    data.inputs.push_back({OutPoint{Txid{Hash256{{8}}}, 0}, {}, 0, {}});
    const SignResult result = sign_transaction(data, spent, known);
    EXPECT_TRUE(result.transaction.inputs[0].witness.empty());
    EXPECT_EQ(result.failures.size(), 2u);
}

}  // namespace
}  // namespace parley
