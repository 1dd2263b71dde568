// Difficulty: which compact target a block must carry, and whether a hash meets it. Pure arithmetic
// over headers; the proof-of-work engine (consensus/pow) calls it. Thread-safe.
#pragma once

#include <cstdint>

#include "chain/rules/header_tree.h"
#include "chain/rules/params.h"

namespace parley {

/// One adjustment: the period took `actual_timespan_s` instead of `target_timespan_s`, and its last
/// block had `bits`. The change is limited to a factor of four each way, the result to the limit.
uint32_t retarget(uint32_t bits, int64_t actual_timespan_s, int64_t target_timespan_s,
                  const U256& pow_limit);

/// The compact target of the block below `parent` with this time (Unix seconds; it matters only
/// where the chain allows minimum difficulty after a pause).
uint32_t next_work_required(const ChainParams& params, const HeaderNode& parent, int64_t time);

/// `bits` is a valid target within the chain's limit, and `hash` is not above it.
bool proof_of_work_met(const BlockHash& hash, uint32_t bits, const U256& pow_limit);

}  // namespace parley
