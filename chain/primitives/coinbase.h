// Coinbase transactions and the witness commitment (BIP34, BIP141): what a block's proposer builds
// and what the block rules look for. Called by mempool's BlockBuilder, the block rules and tests.
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "chain/primitives/block.h"

namespace parley {

/// BIP34: the height as the shortest push of a script number; a coinbase script starts with these
/// bytes.
Bytes coinbase_height_push(Height height);

/// The output script that commits to a block's witnesses: OP_RETURN, and a push of the magic and
/// the commitment.
Script witness_commitment_script(const Hash256& commitment);

/// SHA-256d of the witness Merkle root and the coinbase's reserved value (which is zero in the
/// coinbases made here). The coinbase itself does not enter the root, so it may still change.
Hash256 witness_commitment(const Block& block, const Hash256& reserved_value = Hash256{});

/// Position of the coinbase output that holds the commitment (the last one that looks like it).
std::optional<size_t> witness_commitment_position(const Transaction& coinbase);

/// The reserved value that a miner may leave out of a block that it submits: added where the
/// coinbase has a commitment and no witness; otherwise the same block. The header stays right,
/// because witnesses are outside its root.
BlockRef with_reserved_value(const BlockRef& block);

struct CoinbaseRequest {
    Height height{0};
    Script payout;
    Amount value{0};  ///< subsidy and fees
    uint64_t extra_nonce = 0;
    /// Adds the commitment output and the reserved value. Set it from segwit's activation on.
    std::optional<Hash256> commitment;
};

/// A coinbase that pays `value` to `payout`. Valid under every rule of its height.
TransactionRef make_coinbase(const CoinbaseRequest& request);

}  // namespace parley
