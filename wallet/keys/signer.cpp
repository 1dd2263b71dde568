#include "wallet/keys/signer.h"

#include "base/crypto/hash.h"
#include "chain/script/script_check.h"

namespace parley {
namespace {

constexpr std::string_view kInputNotFound = "Input not found or already spent";
constexpr std::string_view kKeyMissing =
    "Unable to sign input, invalid stack size (possibly missing key)";

Bytes der_with_type(const SecretKey& key, const Hash256& hash, uint8_t sighash_type) {
    Bytes signature = key.sign_der(hash);
    signature.push_back(sighash_type);
    return signature;
}

/// Signs one input in place. False: the output type is not supported, or the key is missing.
bool sign_input(TransactionData& transaction, size_t index, const TxOutput& spent,
                const KeyProvider& keys, uint8_t sighash_type, const SighashParts& parts) {
    TxInput& input = transaction.inputs[index];
    const Script& script = spent.script_pubkey;
    if (const auto hash = match_p2wpkh(script)) {
        const auto key = keys.key_of_hash(*hash);
        if (!key || !key->compressed) return false;
        const Hash256 message = witness_v0_signature_hash(
            transaction, index, p2pkh_script(*hash).bytes(), spent.value, sighash_type, &parts);
        input.script_sig = Script{};
        input.witness = {der_with_type(key->secret, message, sighash_type),
                         to_bytes(key->secret.public_key().bytes())};
        return true;
    }
    const auto key_hash = match_p2pkh(script);
    const auto bare_key = match_p2pk(script);
    if (!key_hash && !bare_key) return false;
    const auto key = keys.key_of_hash(key_hash ? *key_hash : hash160(*bare_key));
    if (!key) return false;
    const Hash256 message = legacy_signature_hash(transaction, index, script.bytes(), sighash_type);
    ScriptBuilder builder;
    builder.push(der_with_type(key->secret, message, sighash_type));
    if (key_hash) builder.push(key->secret.public_key(key->compressed).bytes());
    input.script_sig = builder.build();
    input.witness.clear();
    return true;
}

/// The transaction and the known outputs that it spends.
SpendingTransactionRef with_spent(const TransactionRef& transaction, const SpentOutputs& spent) {
    std::vector<TxOutput> outputs;
    outputs.reserve(transaction->inputs().size());
    for (const TxInput& input : transaction->inputs()) {
        const auto found = spent.find(input.prevout);
        outputs.push_back(found == spent.end() ? TxOutput{} : found->second);
    }
    return std::make_shared<const SpendingTransaction>(transaction, std::move(outputs));
}

std::optional<ScriptError> verify_input(const SpendingTransactionRef& spending, size_t index) {
    return run_script_check({spending, static_cast<uint32_t>(index), kStandardScriptFlags});
}

}  // namespace

void KeySet::add(const SigningKey& key) {
    keys_.insert_or_assign(hash160(key.secret.public_key(key.compressed).bytes()), key);
}

std::optional<SigningKey> KeySet::key_of_hash(const Hash160& hash) const {
    const auto it = keys_.find(hash);
    return it == keys_.end() ? std::nullopt : std::optional{it->second};
}

SignResult sign_transaction(TransactionData transaction, const SpentOutputs& spent,
                            const KeyProvider& keys, uint8_t sighash_type) {
    SignResult result;
    const SighashParts parts = sighash_parts(transaction);
    const auto original = with_spent(make_transaction(transaction), spent);
    std::vector<bool> tried(transaction.inputs.size(), false);
    for (size_t i = 0; i < transaction.inputs.size(); ++i) {
        const auto output = spent.find(transaction.inputs[i].prevout);
        if (output == spent.end()) continue;
        const TxInput& input = transaction.inputs[i];
        const bool has_signature = !input.script_sig.empty() || !input.witness.empty();
        if (has_signature && !verify_input(original, i)) continue;
        tried[i] = sign_input(transaction, i, output->second, keys, sighash_type, parts);
    }
    const auto complete = with_spent(make_transaction(transaction), spent);
    for (size_t i = 0; i < transaction.inputs.size(); ++i) {
        const auto output = spent.find(transaction.inputs[i].prevout);
        if (output == spent.end()) {
            result.failures.push_back({i, std::string{kInputNotFound}});
        } else if (const auto error = verify_input(complete, i)) {
            result.failures.push_back({i, std::string{tried[i] ? to_string(*error) : kKeyMissing}});
        }
    }
    result.transaction = std::move(transaction);
    return result;
}

}  // namespace parley
