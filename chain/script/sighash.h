// Signature hashes: the digest that an input's signature signs, in the legacy form, in BIP143's and
// in BIP341's. Called by the script interpreter and by signers. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "chain/primitives/transaction.h"

namespace parley {

/// The last byte of an ECDSA signature. In the legacy form, unknown values act as kSighashAll but
/// enter the hash unchanged.
inline constexpr uint8_t kSighashAll = 1;
inline constexpr uint8_t kSighashNone = 2;
inline constexpr uint8_t kSighashSingle = 3;
inline constexpr uint8_t kSighashAnyoneCanPay = 0x80;
/// BIP341: acts as kSighashAll; implied by a Schnorr signature of 64 bytes.
inline constexpr uint8_t kSighashDefault = 0;

/// The parts of BIP143's and BIP341's messages that all inputs of a transaction share. Computing
/// them once per transaction keeps the cost of its signatures linear.
struct SighashParts {
    // SHA-256d, for BIP143.
    Hash256 prevouts;
    Hash256 sequences;
    Hash256 outputs;
    // SHA-256, for BIP341.
    Hash256 prevouts_once;
    Hash256 sequences_once;
    Hash256 outputs_once;
    Hash256 spent_amounts;
    Hash256 spent_scripts;
};
/// `spent` are the outputs that the inputs spend, in input order. Only BIP341 needs them; if
/// `spent` is empty, spent_amounts and spent_scripts are zero.
SighashParts sighash_parts(const TransactionData& transaction,
                           std::span<const TxOutput> spent = {});

/// The legacy form. Skips the OP_CODESEPARATORs of `script_code`, as this form requires; removing
/// signatures from it (FindAndDelete) is left to the caller. An input index out of range, or
/// kSighashSingle without an output of the same index, yields the number 1 (a consensus rule).
Hash256 legacy_signature_hash(const TransactionData& transaction, size_t input,
                              ByteSpan script_code, uint32_t hash_type);

/// BIP143. `amount` is the value of the spent coin; `parts`, if given, must be those of this
/// transaction. REQUIRES: input < number of inputs.
Hash256 witness_v0_signature_hash(const TransactionData& transaction, size_t input,
                                  ByteSpan script_code, Amount amount, uint32_t hash_type,
                                  const SighashParts* parts = nullptr);

/// The parts of an input's witness that BIP341's and BIP342's messages commit to.
struct TaprootSpend {
    static constexpr uint32_t kNoCodeSeparator = 0xffffffff;

    /// SHA-256 of the annex, serialised with its CompactSize length; empty: no annex.
    std::optional<Hash256> annex_hash;
    /// BIP342's extension; empty: a key path spend.
    std::optional<Hash256> leaf_hash;
    /// Position of the last executed OP_CODESEPARATOR.
    uint32_t code_separator = kNoCodeSeparator;
};

/// BIP341. `spent` is the output that the input spends; `parts` must have been made with all spent
/// outputs. Empty: an undefined hash type, or kSighashSingle without an output of the same index.
/// REQUIRES: input < number of inputs.
std::optional<Hash256> taproot_signature_hash(const TransactionData& transaction, size_t input,
                                              const TxOutput& spent, uint8_t hash_type,
                                              const SighashParts& parts, const TaprootSpend& spend);

}  // namespace parley
