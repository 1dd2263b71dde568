// ScriptCheck: one input's script verification as a value, so that it can run on any thread.
// ScriptVerifier: who runs them (a thread pool in the daemon, inline in the simulator and in
// tests).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chain/script_error.h"
#include "chain/script_flags.h"
#include "chain/spending_transaction.h"

namespace parley {

class SignatureCache;

struct ScriptCheck {
    SpendingTransactionRef spending;
    uint32_t input = 0;
    ScriptFlags flags = kVerifyNone;
    /// Good signatures are worth a place in a cache: a block with this transaction may follow.
    bool remember = false;
};

/// The checks of all inputs of a transaction, behind those that are in `checks`.
void add_script_checks(const TransactionRef& transaction, std::vector<TxOutput> spent,
                       ScriptFlags flags, bool remember, std::vector<ScriptCheck>& checks);

struct ScriptFailure {
    size_t check = 0;  ///< position in the span that was verified
    ScriptError error = ScriptError::eval_false;
};

/// Runs one check. Thread-safe, and pure but for the cache, which may be null. Empty: the spend is
/// allowed. REQUIRES: is_consistent(check.flags).
std::optional<ScriptError> run_script_check(const ScriptCheck& check,
                                            SignatureCache* cache = nullptr);

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
