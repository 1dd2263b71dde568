// Difficulty: the compact form of a target in a header's `bits`, the work it represents, the target
// required of a block, and whether a hash meets it. Pure arithmetic over headers, called by the
// proof-of-work engine (consensus/pow). Thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "base/uint256.h"
#include "chain/rules/header_node.h"
#include "chain/rules/params.h"

namespace parley {

/// Empty: negative, zero, or beyond 256 bits. Does not apply any chain's limit.
std::optional<U256> target_from_compact(uint32_t bits);

/// The compact form of a target, rounded down to 24 bits of mantissa.
uint32_t compact_from_target(const U256& target);

/// Expected number of hashes for a block with this compact target: 2^256 / (target + 1). Zero if
/// the target is invalid.
U256 work_from_compact(uint32_t bits);

/// The difficulty relative to 1d00ffff, as bitcoind reports it.
// lint: float because the figure is for reports only
double difficulty(uint32_t bits);

/// One adjustment: the period took `actual_timespan_s` instead of `target_timespan_s`, and its last
/// block had `bits`. The change is limited to a factor of four either way, and the result to the
/// chain's limit.
uint32_t retarget(uint32_t bits, int64_t actual_timespan_s, int64_t target_timespan_s,
                  const U256& pow_limit);

/// The compact target of the block below `parent` with this time (Unix seconds; only used if the
/// chain allows minimum-difficulty blocks).
uint32_t next_work_required(const ChainParams& params, const HeaderNode& parent, int64_t time);

/// Whether `bits` is a valid target within the chain's limit and `hash` is not above it.
bool proof_of_work_met(const BlockHash& hash, uint32_t bits, const U256& pow_limit);

}  // namespace parley
