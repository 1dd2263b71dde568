// Signature hashes: what an input's signature commits to, in the original form and in BIP143's.
// Called by the script interpreter and by whoever signs. Thread-safe.
#pragma once

#include <cstdint>

#include "chain/transaction.h"

namespace parley {

/// The last byte of a signature. Other values mean kSighashAll in the base form, but enter the hash
/// as they are.
inline constexpr uint8_t kSighashAll = 1;
inline constexpr uint8_t kSighashNone = 2;
inline constexpr uint8_t kSighashSingle = 3;
inline constexpr uint8_t kSighashAnyoneCanPay = 0x80;

/// The parts of BIP143's message that all inputs of a transaction share. Computed once for a
/// transaction, they keep the cost of its signatures linear.
struct SighashParts {
    Hash256 prevouts;
    Hash256 sequences;
    Hash256 outputs;
};
SighashParts sighash_parts(const TransactionData& transaction);

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

}  // namespace parley
