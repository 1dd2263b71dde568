// Counting signature operations, as consensus limits them (BIP16, BIP141). Called by the block
// rules and by mempool/. Thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "chain/primitives/coins.h"
#include "chain/script/script_check.h"

namespace parley {

/// Opcodes that check signatures. `accurate` counts a multisig by the number of keys before it,
/// otherwise it is always 20.
int64_t count_sigops(ByteSpan script, bool accurate);

/// In the inputs' and outputs' own scripts.
int64_t legacy_sigops(const Transaction& transaction);

/// BIP141's cost: legacy and P2SH operations weigh 4, those of witnesses 1. `coins` are those of
/// the inputs in their order; empty for a coinbase.
int64_t sigop_cost(const Transaction& transaction, std::span<const Coin> coins, ScriptFlags flags);

}  // namespace parley
