// The acceptance points about PBFT, in worlds of whole nodes in virtual time with constant delays
// and no processing time. Each measurement and its judgement are two functions, so that a test can
// judge something else.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "contrib/lab/verify/check.h"

namespace parley::lab {

struct DecisionCost {
    size_t validators = 4;
    uint64_t messages = 0;            ///< of the engine, for one block
    uint64_t view_changes = 0;        ///< of those, view-change messages
    Duration delay{};                 ///< one way, between any two validators
    Duration committed_everywhere{};  ///< since the transaction was submitted; 0: never
};
/// What stands in the way of a decision.
enum class PrimaryFault : uint8_t {
    none,
    crashed,
    silent  ///< its pre-prepares are lost, and it takes part in the view change
};
/// One transaction is submitted to the primary or, if it is faulty, to all that are up.
DecisionCost measure_decision(size_t validators, PrimaryFault fault, uint64_t seed);
/// 2n(n-1) messages, committed everywhere after three delays.
Findings judge_decision(const DecisionCost& cost);
/// Committed after the timer of the first view and four delays.
Finding judge_crashed_primary(const DecisionCost& cost);
/// n(n-1) view-change messages.
Finding judge_silent_primary(const DecisionCost& cost);

/// Four validators, cut into `groups` for two minutes and healed.
struct PartitionOutcome {
    int32_t blocks_meanwhile = 0;
    size_t violations = 0;   ///< of safety
    size_t unconfirmed = 0;  ///< transactions, three minutes after the end
};
PartitionOutcome measure_partition(const std::vector<std::vector<size_t>>& groups, uint64_t seed);
Findings judge_partition(const PartitionOutcome& outcome);

/// In how many of `seeds` worlds two correct validators of four finalise different blocks, while
/// `equivocators` run twins: two nodes with one key, which show two faces to two groups.
uint64_t count_conflicts(size_t equivocators, uint64_t seeds, const GoOn& go_on);

/// Point 8.
Findings check_pbft_decisions(const std::vector<size_t>& sizes);
Findings check_pbft_safety(uint64_t seeds, const GoOn& go_on);

}  // namespace parley::lab
