// TxReject: why the mempool did not accept a transaction, and what that implies for its sender.
// `reason` is bitcoind's reject reason.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/storage/storage.h"

namespace parley {

/// Determines how the sender is treated.
enum class TxRejectKind : uint8_t {
    consensus,  ///< can never be in a block
    policy,     ///< not standard, or over a limit
    /// Its scripts fail, and a witness is missing that its inputs need: somebody may have stripped
    /// it.
    witness_stripped,
    missing_inputs,  ///< spends outputs that are neither in the chain nor in the mempool
    premature,       ///< locktime, sequence lock or coinbase maturity: valid later
    already_known,   ///< in the mempool, or confirmed
    conflict,        ///< a replacement that is not allowed
    /// Below a minimum fee rate, a replacement that pays too little, or evicted from a full
    /// mempool: with a child that pays for it, it may enter.
    fee
};

struct TxReject {
    TxRejectKind kind = TxRejectKind::policy;
    std::string
        reason;  ///< bitcoind's reject reason: "txn-mempool-conflict", "min relay fee not met", ...
    std::string detail;  ///< may be empty

    /// "reason" or "reason, detail", as bitcoind prints it.
    std::string to_string() const { return detail.empty() ? reason : reason + ", " + detail; }
};

/// Why a transaction was not accepted: it was refused, or a store failed and there is no verdict.
using TxFailure = std::variant<TxReject, StorageError>;

}  // namespace parley
