// Relay policy: which transactions this node takes and relays although consensus would allow more.
// Pure functions with bitcoind's reject words; the mempool calls them before it looks at fees.
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/expected.h"
#include "chain/primitives/coins.h"
#include "chain/primitives/fee_rate.h"
#include "chain/primitives/transaction.h"
#include "chain/script/output_kind.h"
#include "chain/script/script_flags.h"
#include "mempool/mempool.h"

namespace parley {

/// A tenth of a block: one transaction must not crowd out the others.
inline constexpr int64_t kStandardWeightMax = 400'000;
/// A fifth of a block's sigops budget of 80,000.
inline constexpr int64_t kStandardSigopsCostMax = 16'000;
/// Smaller ones can be confused with inner nodes of the Merkle tree (64 bytes).
inline constexpr size_t kStandardBaseSizeMin = 65;
/// Room for 15 signatures of a 15-of-15 P2SH multisig with compressed keys.
inline constexpr size_t kScriptSigSizeMax = 1650;

/// Version, size, scripts, dust. Empty: standard; otherwise bitcoind's word.
std::optional<std::string_view> check_standard(const Transaction& transaction,
                                               const MempoolOptions& options);

bool has_dust(const Transaction& transaction, FeeRate dust_relay_fee);

/// The spent outputs, and the witnesses, have forms whose cost is bounded. `coins` are in the order
/// of the inputs.
std::optional<std::string_view> check_standard_inputs(const Transaction& transaction,
                                                      std::span<const Coin> coins);

/// Spends a witness program that is no anchor. `coins` are in the order of the inputs.
bool needs_witness(const Transaction& transaction, std::span<const Coin> coins);

/// BIP431 ("TRUC", version 3): what a transaction may be next to its unconfirmed parents. `evicted`
/// are entries that it replaces. Empty: allowed; otherwise the detail of "TRUC-violation".
std::optional<std::string> check_truc(const Transaction& transaction, int64_t virtual_size,
                                      std::span<const MempoolEntry* const> parents,
                                      std::span<const MempoolEntry* const> evicted);

/// Virtual bytes that the fee rate is counted on: sigops that are dense cost as if they took
/// `bytes_per_sigop` bytes each.
int64_t policy_virtual_size(Weight weight, int64_t sigops_cost, int64_t bytes_per_sigop);

/// "0.001", "1.00": at least two decimals, no other trailing zeros, as bitcoind's messages print
/// amounts.
std::string format_money(Amount amount);

}  // namespace parley
