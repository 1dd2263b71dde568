// WalletNodeView: what the wallets read of the node: the active chain and the mempool. Reading
// only: what should change goes out as a WalletOutput. node/ implements it, tests over a list of
// blocks. Core thread only; the answers are those of the moment.
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
    /// Hash of the active chain's block at that height. REQUIRES: 0 <= height <= tip_height().
    virtual BlockHash hash_at(Height height) const = 0;
    /// Empty: not in the active chain.
    virtual std::optional<Height> height_of(const BlockHash& hash) const = 0;
    /// The header's time of the active chain's block at that height, Unix seconds.
    virtual int64_t block_time(Height height) const = 0;
    /// BIP113, of the active chain's block at that height, Unix seconds.
    virtual int64_t median_time_past(Height height) const = 0;
    /// A block of the tree, active or not, whose body was stored.
    virtual Expected<BlockRef, StorageError> read_block(const BlockHash& hash) const = 0;

    virtual bool in_mempool(const Txid& txid) const = 0;
    /// In order of arrival.
    virtual std::vector<TransactionRef> mempool_transactions() const = 0;
    /// Unconfirmed ancestors of a mempool transaction, itself included; 0 when it is not there.
    virtual int64_t mempool_ancestor_count(const Txid& txid) const = 0;

    virtual FeeRate min_relay_fee() const = 0;
    /// The least rate that the mempool takes now; at least min_relay_fee().
    virtual FeeRate mempool_min_fee() const = 0;
    virtual FeeRate incremental_relay_fee() const = 0;
    virtual FeeRate dust_relay_fee() const = 0;
};

}  // namespace parley
