// InputChecker: answers a script's questions about the input that it runs for: is this signature
// valid, is that locktime met. Pure except for its cache; used by one thread at a time.
#pragma once

#include <optional>

#include "chain/script/script_error.h"
#include "chain/script/sighash.h"

namespace parley {

class SignatureCache;
class SpendingTransaction;

/// The rules under which a script runs.
enum class SignatureVersion : uint8_t { base, witness_v0, tapscript };

/// Whether the transaction's locktime satisfies BIP65 for this input. REQUIRES: locktime >= 0.
bool locktime_met(const TransactionData& transaction, size_t input, int64_t locktime);
/// Whether the input's sequence satisfies BIP112. REQUIRES: the disable flag is not set.
bool sequence_met(const TransactionData& transaction, size_t input, int64_t sequence);

class InputChecker {
 public:
    /// Borrows both. `cache` may be null; with `remember`, valid signatures are added to it.
    /// REQUIRES: input < number of inputs.
    InputChecker(const SpendingTransaction& spending, size_t input, SignatureCache* cache,
                 bool remember)
        : spending_(spending), input_(input), cache_(cache), remember_(remember) {}

    /// The message that an ECDSA signature with this hash type signs. REQUIRES: not tapscript.
    Hash256 ecdsa_message(ByteSpan script_code, uint8_t hash_type, SignatureVersion version) const;
    /// `signature` excludes the hash type.
    bool verify_ecdsa(ByteSpan public_key, const Hash256& message, ByteSpan signature) const;

    /// BIP341: a signature of 64 or 65 bytes by a 32-byte key. Empty: valid.
    std::optional<ScriptError> check_schnorr(ByteSpan public_key, ByteSpan signature,
                                             const TaprootSpend& spend) const;

    /// BIP65. REQUIRES: locktime >= 0.
    bool locktime_met(int64_t locktime) const;
    /// BIP112. REQUIRES: the disable flag is not set.
    bool sequence_met(int64_t sequence) const;

 private:
    const SpendingTransaction& spending_;
    const size_t input_;
    SignatureCache* const cache_;
    const bool remember_;
};

}  // namespace parley
