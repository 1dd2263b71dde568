// Compact targets: the 32-bit floating form of a 256-bit target in a header's `bits`, and the work
// that a target stands for. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "base/uint256.h"

namespace parley {

/// Empty: negative, zero, or beyond 256 bits. Does not look at any chain's limit.
std::optional<U256> target_from_compact(uint32_t bits);

/// The compact form of a target, rounded down to what 24 bits of mantissa hold.
uint32_t compact_from_target(const U256& target);

/// Expected number of hashes for a block with this compact target: 2^256 / (target + 1). Zero where
/// the target is no valid one.
U256 work_from_compact(uint32_t bits);

/// How many times harder than 1d00ffff, as bitcoind reports it.
// lint: float because the figure is for reports only
double difficulty(uint32_t bits);

}  // namespace parley
