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

/// A secret key, and whether its public key is used in compressed form.
struct SigningKey {
    SecretKey secret;
    bool compressed = true;
};
class KeyProvider {
 public:
    virtual ~KeyProvider() = default;
    /// The key whose public key has this hash160; empty: unknown.
    virtual std::optional<SigningKey> key_of_hash(const Hash160& hash) const = 0;
};

/// A fixed set of keys, looked up by the hash of the public key.
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
    std::string error;  ///< bitcoind's text: "Input not found or already spent", ...
};

struct SignResult {
    TransactionData transaction;
    std::vector<SignFailure> failures;  ///< empty: complete

    bool complete() const { return failures.empty(); }
};

/// Signs every input it can, keeps existing valid signatures, and verifies all inputs.
/// `sighash_type`: ALL, NONE or SINGLE, with or without ANYONECANPAY.
SignResult sign_transaction(TransactionData transaction, const SpentOutputs& spent,
                            const KeyProvider& keys, uint8_t sighash_type = kSighashAll);

}  // namespace parley
