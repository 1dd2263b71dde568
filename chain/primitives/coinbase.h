// Coinbase transactions and the witness commitment (BIP34, BIP141): how a block's proposer builds
// them, and how the block rules find them. Called by mempool's BlockBuilder, the block rules and
// tests. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "chain/primitives/block.h"

namespace parley {

/// BIP34: the height as a minimal push of a script number. A coinbase's script_sig starts with
/// these bytes.
Bytes coinbase_height_push(Height height);

/// The output script that commits to a block's witnesses: OP_RETURN and a push of the magic bytes
/// and the commitment.
Script witness_commitment_script(const Hash256& commitment);

/// SHA-256d of the witness Merkle root and the coinbase's reserved value (zero in the coinbases
/// built here). The coinbase's own wtxid counts as zero in that root, so the coinbase may still
/// change.
Hash256 witness_commitment(const Block& block, const Hash256& reserved_value = Hash256{});

/// Position of the coinbase output that holds the commitment: the last one that matches the
/// template.
std::optional<size_t> witness_commitment_position(const Transaction& coinbase);

/// Adds the reserved value that a miner may omit from a submitted block, if the coinbase has a
/// commitment and no witness; otherwise returns the same block. The header stays valid because its
/// Merkle root does not cover witnesses.
BlockRef with_reserved_value(const BlockRef& block);

struct CoinbaseRequest {
    Height height{0};
    Script payout;
    Amount value{0};  ///< subsidy and fees
    /// Makes the coinbase, and thereby the block, unique. Empty: bitcoind's coinbase.
    std::optional<uint64_t> extra_nonce = 0;
    /// Adds the commitment output and the reserved value. Set it once segwit is active.
    std::optional<Hash256> commitment;
};

/// A coinbase that pays `value` to `payout`, valid under all rules at its height.
TransactionRef make_coinbase(const CoinbaseRequest& request);

}  // namespace parley
