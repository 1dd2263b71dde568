// Relay policy: restrictions beyond consensus on the transactions that this node accepts and
// relays. Pure functions that return bitcoind's reject reasons; the mempool calls them before it
// checks fees. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/expected.h"
#include "chain/primitives/coins.h"
#include "chain/primitives/fee_rate.h"
#include "chain/primitives/transaction.h"
#include "chain/script/script_flags.h"
#include "chain/script/script_type.h"
#include "mempool/mempool.h"

namespace parley {

/// A tenth of a block, so that no single transaction crowds out all others.
inline constexpr int64_t kStandardWeightMax = 400'000;
/// A fifth of a block's sigops budget of 80,000.
inline constexpr int64_t kStandardSigopsCostMax = 16'000;
/// A transaction of 64 bytes could be confused with an inner node of the Merkle tree.
inline constexpr size_t kStandardBaseSizeMin = 65;
/// Enough for the 15 signatures of a 15-of-15 P2SH multisig with compressed keys.
inline constexpr size_t kScriptSigSizeMax = 1650;

/// Version, size, scripts, dust. Empty: standard; otherwise bitcoind's reject reason.
std::optional<std::string_view> check_standard(const Transaction& transaction,
                                               const MempoolOptions& options);

bool has_dust(const Transaction& transaction, FeeRate dust_relay_fee);

/// Whether the spent outputs and the witnesses have standard forms, whose cost is bounded. `coins`
/// are those that the inputs spend, in input order.
struct NonstandardSpend {
    std::string_view reason;  ///< bitcoind's reject reason
    std::string detail;       ///< in its words; may be empty
};
std::optional<NonstandardSpend> check_standard_inputs(const Transaction& transaction,
                                                      std::span<const Coin> coins);

/// Whether any input spends a witness program other than an anchor. `coins` are in input order.
bool needs_witness(const Transaction& transaction, std::span<const Coin> coins);

/// How a transaction violates BIP431 ("TRUC", version 3).
struct TrucViolation {
    std::string detail;  ///< that of "TRUC-violation"
    /// The only other child of its parent, which the transaction may evict instead; null: none.
    const MempoolEntry* sibling = nullptr;
};
/// The rules for a transaction and its parents in the mempool. `evicted` are the entries that it
/// replaces.
std::optional<TrucViolation> check_truc(const Transaction& transaction, int64_t virtual_size,
                                        std::span<const MempoolEntry* const> parents,
                                        std::span<const MempoolEntry* const> evicted);

/// The rules for a transaction among others that come with it. `parents` as above. Returns the
/// detail of "TRUC-violation".
std::optional<std::string> check_package_truc(const Transaction& transaction, int64_t virtual_size,
                                              std::span<const MempoolEntry* const> parents,
                                              std::span<const TransactionRef> package);

/// The virtual size for the fee rate: each sigop counts as at least `bytes_per_sigop` bytes.
int64_t policy_virtual_size(Weight weight, int64_t sigops_cost, int64_t bytes_per_sigop);

/// "0.001", "1.00": at least two decimals, no further trailing zeros, as in bitcoind's messages.
std::string format_money(Amount amount);

}  // namespace parley
