// SignatureMaker: makes the signatures of one input. TransactionSigner makes those of a
// transaction; SizeEstimator makes bytes of the usual length, to measure a transaction that nobody
// has signed yet. Thread-safe.
#pragma once

#include <optional>

#include "base/crypto/keys.h"
#include "chain/primitives/transaction.h"
#include "chain/script/input_checker.h"
#include "chain/script/sighash.h"

namespace parley {

class SignatureMaker {
 public:
    virtual ~SignatureMaker() = default;
    /// DER and the hash type. `secret` may be null: unknown. Empty: it cannot be made.
    virtual std::optional<Bytes> ecdsa(const PublicKey& key, const SecretKey* secret,
                                       ByteSpan script_code, SignatureVersion version) const = 0;
    /// Whether a signature, with its hash type, is valid.
    virtual bool verify_ecdsa(ByteSpan key, ByteSpan signature, ByteSpan script_code,
                              SignatureVersion version) const = 0;
    /// BIP340, with the hash type unless it is the default. `secret` is already tweaked.
    /// `leaf_hash`: null for the key path.
    virtual std::optional<Bytes> schnorr(const SecretKey* secret,
                                         const Hash256* leaf_hash) const = 0;
    /// Whether the transaction meets the argument of OP_CHECKLOCKTIMEVERIFY (BIP65).
    virtual bool after_met(uint32_t locktime) const = 0;
    /// Whether the input meets the argument of OP_CHECKSEQUENCEVERIFY (BIP112).
    virtual bool older_met(uint32_t sequence) const = 0;
    /// Only the size counts, and it is to be the largest possible.
    virtual bool is_estimate() const { return false; }
};

class TransactionSigner final : public SignatureMaker {
 public:
    /// Borrows the transaction and the parts. `parts` are without the spent outputs if not all of
    /// them are known: BIP341 then cannot sign. `sighash_type` kSighashDefault is ALL for ECDSA.
    TransactionSigner(const TransactionData& transaction, size_t input, TxOutput spent,
                      uint8_t sighash_type, const SighashParts& parts, bool all_spent_known)
        : transaction_(transaction),
          input_(input),
          spent_(std::move(spent)),
          sighash_type_(sighash_type),
          parts_(parts),
          all_spent_known_(all_spent_known) {}

    std::optional<Bytes> ecdsa(const PublicKey& key, const SecretKey* secret, ByteSpan script_code,
                               SignatureVersion version) const override;
    bool verify_ecdsa(ByteSpan key, ByteSpan signature, ByteSpan script_code,
                      SignatureVersion version) const override;
    std::optional<Bytes> schnorr(const SecretKey* secret, const Hash256* leaf_hash) const override;
    bool after_met(uint32_t locktime) const override {
        return locktime_met(transaction_, input_, locktime);
    }
    bool older_met(uint32_t sequence) const override {
        return sequence_met(transaction_, input_, sequence);
    }

 private:
    Hash256 message(ByteSpan script_code, uint8_t type, SignatureVersion version) const;

    const TransactionData& transaction_;
    const size_t input_;
    const TxOutput spent_;
    const uint8_t sighash_type_;
    const SighashParts& parts_;
    const bool all_spent_known_;
};

class SizeEstimator final : public SignatureMaker {
 public:
    std::optional<Bytes> ecdsa(const PublicKey& key, const SecretKey* secret, ByteSpan script_code,
                               SignatureVersion version) const override;
    bool verify_ecdsa(ByteSpan, ByteSpan, ByteSpan, SignatureVersion) const override {
        return true;
    }
    std::optional<Bytes> schnorr(const SecretKey* secret, const Hash256* leaf_hash) const override;
    bool after_met(uint32_t) const override { return true; }
    bool older_met(uint32_t) const override { return true; }
    bool is_estimate() const override { return true; }
};

}  // namespace parley
