// ScriptCheck: one input's script verification as a value, so that it can run on any thread.
// ScriptVerifier: who runs them (a thread pool in the daemon, inline in the simulator and in
// tests).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "chain/script_flags.h"
#include "chain/sighash.h"
#include "chain/transaction.h"

namespace parley {

/// Why a script does not allow the spend.
enum class ScriptError : uint8_t {
    eval_false,          ///< ran to its end and left false, or nothing
    malformed,           ///< a push runs past the end, or an opcode that is none
    script_size,         ///< over 10,000 bytes
    push_size,           ///< a push of over 520 bytes
    stack_size,          ///< over 1,000 items
    stack_operation,     ///< fewer items than the opcode takes
    minimal_data,        ///< a push that could be shorter (policy)
    signature_encoding,  ///< not DER (BIP66)
    signature_hash_type,
    signature_high_s,
    public_key_type,
    signature_mismatch,  ///< a non-null signature that does not verify (NULLFAIL)
    equal_verify,
    clean_stack,
    push_only,
    witness_mismatch,
    witness_empty,
    witness_length,  ///< a version 0 program of neither 20 nor 32 bytes
    witness_unexpected,
    witness_malleated,
    witness_public_key_type,
    unsupported,  ///< a form that this build cannot verify: refused, never waved through
};

/// bitcoind's words, as they stand in parentheses behind mandatory-script-verify-flag-failed.
std::string_view to_string(ScriptError error);

struct ScriptCheck {
    TransactionRef transaction;
    uint32_t input = 0;
    TxOutput spent;
    ScriptFlags flags = kVerifyNone;
    /// Of `transaction`; null: computed for this check alone.
    std::shared_ptr<const SighashParts> sighash_parts;
};

struct ScriptFailure {
    size_t check = 0;  ///< position in the span that was verified
    ScriptError error = ScriptError::eval_false;
};

/// Runs one check. Pure and thread-safe. Empty: the spend is allowed.
std::optional<ScriptError> run_script_check(const ScriptCheck& check);

class ScriptVerifier {
 public:
    virtual ~ScriptVerifier() = default;
    /// The failure with the lowest position, whatever the number of threads; empty when all pass.
    virtual std::optional<ScriptFailure> verify_all(std::span<const ScriptCheck> checks) = 0;
};

/// Runs the checks on the caller's thread, in order.
class InlineScriptVerifier final : public ScriptVerifier {
 public:
    std::optional<ScriptFailure> verify_all(std::span<const ScriptCheck> checks) override;
};

}  // namespace parley
