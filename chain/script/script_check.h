// ScriptCheck: the script verification of one input as a value, so that it can run on any thread.
// ScriptVerifier: runs checks (a thread pool in the daemon, inline in the simulator and in tests).
// ScriptRun: the checks of one block, which may run while the caller adds more.
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
    /// Whether to cache valid signatures, because a block with this transaction may follow.
    bool remember = false;
};

/// Appends the checks of all inputs of a transaction to `checks`.
void add_script_checks(const TransactionRef& transaction, std::vector<TxOutput> spent,
                       ScriptFlags flags, bool remember, std::vector<ScriptCheck>& checks);

struct ScriptFailure {
    size_t check = 0;  ///< position in the run
    ScriptError error = ScriptError::eval_false;
    // Of that check:
    SpendingTransactionRef spending;
    uint32_t input = 0;
};

/// Runs one check. Thread-safe, and pure except for the cache, which may be null. Empty: the spend
/// is valid. REQUIRES: is_consistent(check.flags).
std::optional<ScriptError> run_script_check(const ScriptCheck& check,
                                            SignatureCache* cache = nullptr);

class ScriptRun {
 public:
    /// Drops the checks that have not started, and waits for those that are running.
    virtual ~ScriptRun() = default;
    /// Positions continue from those added before.
    virtual void add(std::vector<ScriptCheck> checks) = 0;
    /// Runs the remaining checks, also on the caller's thread. Returns the failure with the lowest
    /// position, whatever the number of threads; empty if all pass. Called once, after the last
    /// add().
    virtual std::optional<ScriptFailure> finish() = 0;
};

class ScriptVerifier {
 public:
    virtual ~ScriptVerifier() = default;
    /// The verifier must outlive the run. Several runs may be open at a time; earlier ones have
    /// priority.
    virtual std::unique_ptr<ScriptRun> begin() = 0;
    /// A whole run in one call.
    std::optional<ScriptFailure> verify_all(std::vector<ScriptCheck> checks);
    /// Transactions that need no further run; null if the verifier remembers none.
    virtual ScriptCache* cache() { return nullptr; }
};

/// Runs the checks on the caller's thread, in order, as they are added.
class InlineScriptVerifier final : public ScriptVerifier {
 public:
    std::unique_ptr<ScriptRun> begin() override;
};

}  // namespace parley
