// Signs the inputs of a transaction whose spent outputs and keys are known: P2PK, P2PKH, P2WPKH,
// multisig, P2SH and P2WSH of these, P2TR by key and by script, and miniscript in P2WSH and P2TR.
// Pure; used by wallets and by signrawtransactionwithkey. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/crypto/keys.h"
#include "chain/primitives/transaction.h"
#include "chain/script/sighash.h"
#include "wallet/descriptor/solving_data.h"

namespace parley {

/// A secret key, and whether its public key is used in compressed form.
struct SigningKey {
    SecretKey secret;
    bool compressed = true;
};
class KeyProvider {
 public:
    virtual ~KeyProvider() = default;
    /// What is known about spending an output, with the secrets.
    virtual SolvingData solving_data(const Script& output) const = 0;
};

/// A fixed set of keys and scripts.
class KeySet final : public KeyProvider {
 public:
    void add(const SigningKey& key) { data_.add_secret(key.secret, key.compressed); }
    void add(const Script& script) { data_.add_script(script); }
    SolvingData solving_data(const Script&) const override { return data_; }

 private:
    SolvingData data_;
};

using SpentOutputs = std::map<OutPoint, TxOutput>;

struct SignFailure {
    size_t input = 0;
    std::string error;  ///< bitcoind's text: "Input not found or already spent", ...
};

struct SignResult {
    TransactionData transaction;
    std::vector<SignFailure> failures;  ///< empty: complete

    bool complete() const { return failures.empty(); }
};

/// Signs every input it can, keeps existing valid signatures, and verifies all inputs.
/// `sighash_type`: ALL, NONE or SINGLE, with or without ANYONECANPAY, or DEFAULT: ALL, which
/// taproot signatures then leave implicit.
SignResult sign_transaction(TransactionData transaction, const SpentOutputs& spent,
                            const KeyProvider& keys, uint8_t sighash_type = kSighashDefault);

/// Merges the signatures that several holders have added to the same transaction. REQUIRES: the
/// variants differ in scriptSigs and witnesses only; all spent outputs are known.
TransactionData combine_signatures(std::span<const TransactionData> variants,
                                   const SpentOutputs& spent);

}  // namespace parley
