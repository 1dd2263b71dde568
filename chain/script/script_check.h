// ScriptCheck: one input's script verification as a value, so that it can run on any thread.
// ScriptVerifier: who runs them (a thread pool in the daemon, inline in the simulator and in
// tests). ScriptRun: the checks of one block, which may run while the caller makes more of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "chain/script/script_error.h"
#include "chain/script/script_flags.h"
#include "chain/script/spending_transaction.h"

namespace parley {

class ScriptCache;
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
    size_t check = 0;  ///< position among the checks of the run
    ScriptError error = ScriptError::eval_false;
    // Of that check:
    SpendingTransactionRef spending;
    uint32_t input = 0;
};

/// Runs one check. Thread-safe, and pure but for the cache, which may be null. Empty: the spend is
/// allowed. REQUIRES: is_consistent(check.flags).
std::optional<ScriptError> run_script_check(const ScriptCheck& check,
                                            SignatureCache* cache = nullptr);

class ScriptRun {
 public:
    /// Drops the checks that have not run; returns when no thread is at one of them.
    virtual ~ScriptRun() = default;
    /// Positions go on from those that were added before.
    virtual void add(std::vector<ScriptCheck> checks) = 0;
    /// Runs what is left, on the caller's thread too. The failure with the lowest position,
    /// whatever the number of threads; empty when all pass. Called once, after the last add().
    virtual std::optional<ScriptFailure> finish() = 0;
};

class ScriptVerifier {
 public:
    virtual ~ScriptVerifier() = default;
    /// The verifier must outlive the run. Several runs may be open; earlier ones go first.
    virtual std::unique_ptr<ScriptRun> begin() = 0;
    /// One whole run.
    std::optional<ScriptFailure> verify_all(std::vector<ScriptCheck> checks);
    /// Transactions that need no run any more; null where none are remembered.
    virtual ScriptCache* cache() { return nullptr; }
};

/// Runs the checks on the caller's thread, in order, as they are added.
class InlineScriptVerifier final : public ScriptVerifier {
 public:
    std::unique_ptr<ScriptRun> begin() override;
};

}  // namespace parley
