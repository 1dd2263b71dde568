// TxReject: why the mempool does not take a transaction, and what that says about who sent it.
// `reason` is bitcoind's word for it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/storage/storage.h"

namespace parley {

/// Why a transaction was not taken; what the peer or the caller deserves for it.
enum class TxRejectKind : uint8_t {
    consensus,  ///< can never be in a block
    policy,     ///< not standard, or over a limit
    /// Its scripts fail, and it has no witness where one is needed: somebody may have taken it
    /// away.
    witness_stripped,
    missing_inputs,  ///< spends what is neither in the chain nor in the mempool
    premature,       ///< locktime, sequence lock or coinbase maturity: valid later
    already_known,   ///< in the mempool, or confirmed
    conflict,        ///< a replacement that does not pay enough, or is not allowed
    fee              ///< below a minimum fee rate, or pushed out of a full mempool
};

struct TxReject {
    TxRejectKind kind = TxRejectKind::policy;
    std::string reason;  ///< bitcoind's word: "txn-mempool-conflict", "min relay fee not met", ...
    std::string detail;  ///< may be empty

    /// "reason" or "reason, detail", as bitcoind prints it.
    std::string to_string() const { return detail.empty() ? reason : reason + ", " + detail; }
};

/// Why a transaction was not taken: it was refused, or a store failed, and there is no verdict.
using TxFailure = std::variant<TxReject, StorageError>;

}  // namespace parley
