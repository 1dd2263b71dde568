// Counts signature operations, which consensus limits (BIP16, BIP141). Called by the block rules
// and by mempool/. Thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "chain/primitives/coins.h"
#include "chain/script/script_check.h"

namespace parley {

/// Number of signature checks. `accurate` counts a multisig by the number of keys pushed before it;
/// otherwise it counts as 20.
int64_t count_sigops(ByteSpan script, bool accurate);

/// In script_sig of all inputs and script_pubkey of all outputs.
int64_t legacy_sigops(const Transaction& transaction);

/// BIP141's cost: legacy and P2SH operations cost 4, witness operations 1. `coins` are those that
/// the inputs spend, in input order; empty for a coinbase.
int64_t sigop_cost(const Transaction& transaction, std::span<const Coin> coins, ScriptFlags flags);

}  // namespace parley
