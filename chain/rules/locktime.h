// Locktimes: finality of a transaction (with BIP113's median time past where it applies) and
// relative locks (BIP68). Called by the block rules and by mempool/. Thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "chain/primitives/transaction.h"
#include "chain/rules/header_node.h"

namespace parley {

/// May the transaction be in a block of this height, whose cut-off time (its own, or its parent's
/// median time past from BIP113 on) is `time` in Unix seconds?
bool is_final(const TransactionData& transaction, Height height, int64_t time);

/// The last height and the last median time past at which a transaction is still locked; -1: no
/// lock.
struct SequenceLocks {
    int32_t height = -1;
    int64_t time = -1;
};

/// `coin_heights` are those of the coins that the inputs spend, in the inputs' order; a coin that
/// is not in a block yet counts as one of the next block, parent.height + 1. REQUIRES: BIP68 holds
/// for the block below `parent`; no coin is higher than that block.
SequenceLocks sequence_locks(const TransactionData& transaction,
                             std::span<const Height> coin_heights, const HeaderNode& parent);

/// May it be in a block below `parent`?
bool sequence_locks_met(const SequenceLocks& locks, const HeaderNode& parent);

}  // namespace parley
