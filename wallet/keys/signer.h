// Signs the inputs of a transaction whose spent outputs and keys are known: P2PK, P2PKH and P2WPKH.
// Pure; used by wallets and by signrawtransactionwithkey. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/keys.h"
#include "chain/primitives/transaction.h"
#include "chain/script/sighash.h"

namespace parley {

/// Finds the secret key of a public key's hash160; empty when it is not known.
struct SigningKey {
    SecretKey secret;
    bool compressed = true;
};
class KeyProvider {
 public:
    virtual ~KeyProvider() = default;
    virtual std::optional<SigningKey> key_of_hash(const Hash160& hash) const = 0;
};

/// A fixed set of keys, each found by the hash of its public key.
class KeySet final : public KeyProvider {
 public:
    void add(const SigningKey& key);
    std::optional<SigningKey> key_of_hash(const Hash160& hash) const override;

 private:
    std::map<Hash160, SigningKey> keys_;
};

using SpentOutputs = std::map<OutPoint, TxOutput>;

struct SignFailure {
    size_t input = 0;
    std::string error;  ///< bitcoind's words: "Input not found or already spent", ...
};

struct SignResult {
    TransactionData transaction;
    std::vector<SignFailure> failures;  ///< empty: complete

    bool complete() const { return failures.empty(); }
};

/// Signs what can be signed, keeps valid signatures that are there, and verifies every input.
/// `sighash_type`: ALL, NONE, SINGLE, with or without ANYONECANPAY.
SignResult sign_transaction(TransactionData transaction, const SpentOutputs& spent,
                            const KeyProvider& keys, uint8_t sighash_type = kSighashAll);

}  // namespace parley
