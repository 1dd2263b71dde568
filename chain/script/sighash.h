// Signature hashes: what an input's signature commits to, in the original form, in BIP143's and in
// BIP341's. Called by the script interpreter and by whoever signs. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "chain/primitives/transaction.h"

namespace parley {

/// The last byte of an ECDSA signature. Other values mean kSighashAll in the base form, but enter
/// the hash as they are.
inline constexpr uint8_t kSighashAll = 1;
inline constexpr uint8_t kSighashNone = 2;
inline constexpr uint8_t kSighashSingle = 3;
inline constexpr uint8_t kSighashAnyoneCanPay = 0x80;
/// BIP341: like kSighashAll, and what a Schnorr signature of 64 bytes means.
inline constexpr uint8_t kSighashDefault = 0;

/// The parts of BIP143's and BIP341's messages that all inputs of a transaction share. Computed
/// once for a transaction, they keep the cost of its signatures linear.
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
/// `spent` are the outputs that the inputs spend, in their order. Only BIP341 asks for them; where
/// none are given, spent_amounts and spent_scripts stay zero.
SighashParts sighash_parts(const TransactionData& transaction,
                           std::span<const TxOutput> spent = {});

/// The original form. OP_CODESEPARATORs of `script_code` are left out, as the form demands;
/// signatures in it (FindAndDelete) are the caller's business. An input beyond the inputs, or
/// kSighashSingle without an output of the input's number, gives the number 1 (a fact of history).
Hash256 legacy_signature_hash(const TransactionData& transaction, size_t input,
                              ByteSpan script_code, uint32_t hash_type);

/// BIP143. `amount` is that of the coin which the input spends; `parts`, where given, are those of
/// this transaction. REQUIRES: input < number of inputs.
Hash256 witness_v0_signature_hash(const TransactionData& transaction, size_t input,
                                  ByteSpan script_code, Amount amount, uint32_t hash_type,
                                  const SighashParts* parts = nullptr);

/// What of an input's witness BIP341's and BIP342's messages commit to.
struct TaprootSpend {
    static constexpr uint32_t kNoCodeSeparator = 0xffffffff;

    /// SHA-256 of the annex with its CompactSize length before it; empty: no annex.
    std::optional<Hash256> annex_hash;
    /// BIP342's extension; empty: the key path.
    std::optional<Hash256> leaf_hash;
    /// Number of the opcode that was the last executed OP_CODESEPARATOR.
    uint32_t code_separator = kNoCodeSeparator;
};

/// BIP341. `spent` is the output that the input spends; `parts` were made with all spent outputs.
/// Empty: no defined hash type, or kSighashSingle without an output of the input's number.
/// REQUIRES: input < number of inputs.
std::optional<Hash256> taproot_signature_hash(const TransactionData& transaction, size_t input,
                                              const TxOutput& spent, uint8_t hash_type,
                                              const SighashParts& parts, const TaprootSpend& spend);

}  // namespace parley
