// WalletNodeView: what the wallets read of the node: the active chain and the mempool. Read-only:
// changes are requested by a WalletOutput. Implemented by node/, and by tests over a list of
// blocks. Core thread only; results are valid at the time of the call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/storage/storage.h"
#include "base/time.h"
#include "chain/primitives/block.h"
#include "chain/primitives/fee_rate.h"

namespace parley {

class WalletNodeView {
 public:
    virtual ~WalletNodeView() = default;

    virtual Height tip_height() const = 0;
    /// Hash of the block at that height of the active chain. REQUIRES: 0 <= height <= tip_height().
    virtual BlockHash hash_at(Height height) const = 0;
    /// Empty: not in the active chain.
    virtual std::optional<Height> height_of(const BlockHash& hash) const = 0;
    /// Header time of the block at that height of the active chain, in Unix seconds.
    virtual int64_t block_time(Height height) const = 0;
    /// BIP113, for the block at that height of the active chain, in Unix seconds.
    virtual int64_t median_time_past(Height height) const = 0;
    /// Was the body of the known block removed? REQUIRES: the block is known.
    virtual bool is_pruned(const BlockHash& hash) const = 0;
    /// The base of a UTXO snapshot, if blocks below it may still be missing.
    virtual std::optional<Height> snapshot_height() const = 0;
    /// Any known block whose body is stored.
    virtual Expected<BlockRef, StorageError> read_block(const BlockHash& hash) const = 0;

    virtual bool in_mempool(const Txid& txid) const = 0;
    /// In order of arrival.
    virtual std::vector<TransactionRef> mempool_transactions() const = 0;
    /// Number of unconfirmed ancestors of a mempool transaction, including itself; 0 if not in the
    /// mempool.
    virtual int64_t mempool_ancestor_count(const Txid& txid) const = 0;

    virtual FeeRate min_relay_fee() const = 0;
    /// The mempool's current minimum fee rate; at least min_relay_fee().
    virtual FeeRate mempool_min_fee() const = 0;
    virtual FeeRate incremental_relay_fee() const = 0;
    virtual FeeRate dust_relay_fee() const = 0;
};

}  // namespace parley
