// Locktimes: finality of a transaction (by BIP113's median time past where it is active) and
// relative locks (BIP68). Called by the block rules and by mempool/. Thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "chain/primitives/transaction.h"
#include "chain/rules/header_node.h"

namespace parley {

/// Whether the transaction may be in a block of this height. `time` is the cut-off in Unix seconds:
/// the parent's median time past once BIP113 is active, before that the block's own time.
bool is_final(const TransactionData& transaction, Height height, int64_t time);

/// The last height and the last median time past at which the transaction is still locked; -1: no
/// lock.
struct SequenceLocks {
    int32_t height = -1;
    int64_t time = -1;
};

/// `coin_heights` are the heights of the spent coins, in input order; an unconfirmed coin counts as
/// one of the next block, parent.height + 1. REQUIRES: BIP68 is active for the block below
/// `parent`; no coin is higher than that block.
SequenceLocks sequence_locks(const TransactionData& transaction,
                             std::span<const Height> coin_heights, const HeaderNode& parent);

/// Whether the transaction may be in a block below `parent`.
bool sequence_locks_met(const SequenceLocks& locks, const HeaderNode& parent);

}  // namespace parley
