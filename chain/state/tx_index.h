// TxIndex: the position of each transaction of the best chain in the block files (-txindex). It has
// its own store, follows the chain in bounded steps, and may lag behind it. Nothing else depends on
// it, and a lost store is rebuilt.
//
// Store: 'M' as in the chain's stores; 'B' the hash of the last indexed block; 't' and a txid: file
// (4), offset of the block (8), offset of the transaction in the block (4), size (4),
// little-endian. Each step is one batch. Entries of blocks that a reorganisation disconnected
// remain until a block of the new branch contains the same transaction.
//
// Errors: if the store fails, failure() is set and indexing stops. Core thread only.
#pragma once

#include <optional>
#include <string>

#include "chain/state/chainstate.h"

namespace parley {

class TxIndex {
 public:
    /// All references must outlive the index.
    TxIndex(Storage& store, const Chainstate& chain, LogSink& log)
        : store_(store), chain_(chain), log_(log) {}

    /// Call once. The error is a sentence: the store is damaged or belongs to another chain.
    Expected<void, std::string> open();

    bool synced() const { return best_ == &chain_.index().tip(); }
    /// The last indexed block.
    const HeaderNode& best() const { return *best_; }

    /// Indexes a limited number of blocks. Does nothing if up to date.
    void step();

    struct Found {
        TransactionRef transaction;
        BlockHash block;
    };
    /// Empty: not in an indexed block.
    Expected<std::optional<Found>, StorageError> find(const Txid& txid) const;

    const std::optional<StorageError>& failure() const { return failure_; }

 private:
    Expected<size_t, StorageError> index_block(WriteBatch& batch, const HeaderNode& node) const;

    Storage& store_;
    const Chainstate& chain_;
    LogSink& log_;
    const HeaderNode* best_ = nullptr;
    std::optional<StorageError> failure_;
};

}  // namespace parley
