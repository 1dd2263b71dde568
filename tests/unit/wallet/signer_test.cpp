// Signing: each form that the node verifies, every hash type, and what cannot be signed.
#include "wallet/signing/signer.h"

#include <gtest/gtest.h>

#include "base/crypto/hash.h"
#include "chain/script/script_check.h"

namespace parley {
namespace {

SecretKey key(uint8_t number) {
    return *SecretKey::from_bytes(Bytes(32, number));
}

OutPoint outpoint(uint8_t number) {
    Hash256 id;
    id.bytes().fill(number);
    return {Txid{id}, number};
}

class SignerTest : public testing::Test {
 protected:
    SignerTest() {
        const Bytes compressed = to_bytes(key(1).public_key().bytes());
        const Bytes full = to_bytes(key(1).public_key(false).bytes());
        add(p2wpkh_script(hash160(compressed)));
        add(p2pkh_script(hash160(compressed)));
        add(ScriptBuilder{}.push(compressed).op(OP_CHECKSIG).build());
        add(p2pkh_script(hash160(full)));
        add(ScriptBuilder{}.push(full).op(OP_CHECKSIG).build());
        for (int i = 0; i < 5; ++i)
            data.outputs.push_back({Amount{1000 + i}, p2wpkh_script(Hash160{9})});
        keys.add({key(1), true});
        keys.add({key(1), false});
    }
    void add(const Script& script) {
        const OutPoint coin = outpoint(static_cast<uint8_t>(spent.size() + 1));
        data.inputs.push_back({coin, {}, 0xfffffffd, {}});
        spent[coin] = {Amount{5000}, script};
    }
    bool verifies(const TransactionData& transaction, uint32_t input) const {
        std::vector<TxOutput> outputs;
        for (const auto& each : transaction.inputs) {
            const auto found = spent.find(each.prevout);
            outputs.push_back(found == spent.end() ? TxOutput{} : found->second);
        }
        const auto spending = std::make_shared<const SpendingTransaction>(
            make_transaction(transaction), std::move(outputs));
        return !run_script_check({spending, input, kStandardScriptFlags});
    }

    TransactionData data;
    SpentOutputs spent;
    KeySet keys;
};

TEST_F(SignerTest, sign_every_form_and_hash_type_verifies) {
    for (const int number : {0x01, 0x02, 0x03, 0x81, 0x82, 0x83}) {
        const auto type = static_cast<uint8_t>(number);
        const SignResult result = sign_transaction(data, spent, keys, type);
        ASSERT_TRUE(result.complete()) << int{type} << ": " << result.failures[0].error;
        for (uint32_t i = 0; i < data.inputs.size(); ++i)
            EXPECT_TRUE(verifies(result.transaction, i)) << int{type} << " " << i;
    }
}

TEST_F(SignerTest, sign_all_breaks_when_an_output_changes) {
    SignResult result = sign_transaction(data, spent, keys);
    result.transaction.outputs[4].value = Amount{1};
    for (uint32_t i = 0; i < data.inputs.size(); ++i) EXPECT_FALSE(verifies(result.transaction, i));
}

TEST_F(SignerTest, sign_unknown_coin_or_key_names_the_input) {
    spent.erase(outpoint(2));
    spent[outpoint(3)].script_pubkey = p2wpkh_script(Hash160{7});
    const SignResult result = sign_transaction(data, spent, keys);
    ASSERT_EQ(result.failures.size(), 2u);
    EXPECT_EQ(result.failures[0].input, 1u);
    EXPECT_EQ(result.failures[0].error, "Input not found or already spent");
    EXPECT_EQ(result.failures[1].input, 2u);
    EXPECT_EQ(result.failures[1].error, "Witness program hash mismatch");
    EXPECT_TRUE(verifies(result.transaction, 0));
}

TEST_F(SignerTest, sign_keeps_a_valid_signature_of_somebody_else) {
    // Each signs one input of the same transaction.
    const Bytes other = to_bytes(key(2).public_key().bytes());
    add(p2wpkh_script(hash160(other)));
    KeySet second;
    second.add({key(2), true});
    const SignResult first = sign_transaction(data, spent, second);
    EXPECT_EQ(first.failures.size(), 5u);
    const SignResult both = sign_transaction(first.transaction, spent, keys);
    EXPECT_TRUE(both.complete());
    EXPECT_EQ(both.transaction.inputs[5].witness, first.transaction.inputs[5].witness);
}

TEST_F(SignerTest, sign_witness_commits_to_the_amount) {
    const SignResult result = sign_transaction(data, spent, keys);
    spent[outpoint(1)].value = Amount{5001};
    EXPECT_FALSE(verifies(result.transaction, 0));
    EXPECT_TRUE(verifies(result.transaction, 1));  // the old form does not
}

TEST_F(SignerTest, sign_uncompressed_key_never_signs_a_witness) {
    KeySet full;
    full.add({key(1), false});
    const SignResult result = sign_transaction(data, spent, full);
    EXPECT_TRUE(result.transaction.inputs[0].witness.empty());
    EXPECT_FALSE(result.transaction.inputs[3].script_sig.empty());
}

}  // namespace
}  // namespace parley
