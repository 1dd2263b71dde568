// TxIndex: where each transaction of the best chain is in the block files (-txindex). It has a
// store of its own, follows the chain in bounded steps, and may be behind it at any time. It is
// not part of the chain state: nothing depends on it, and a lost store is made anew.
//
// Store: 'M' as in the chain's stores; 'B' the hash of the last block that was indexed; 't' and a
// txid: file (4), offset of the block (8), offset of the transaction in the block (4), size (4),
// little-endian. Each step is one batch. After a reorganisation the records of the blocks that were
// left stay, until a block of the new branch has the same transaction.
//
// Errors: when the store fails, failure() is set, and nothing is indexed any more. Core thread
// only.
#pragma once

#include <optional>
#include <string>

#include "chain/state/chainstate.h"

namespace parley {

class TxIndex {
 public:
    /// All outlive the index.
    TxIndex(Storage& store, const Chainstate& chain, LogSink& log)
        : store_(store), chain_(chain), log_(log) {}

    /// Once. The error is a sentence: a store of another chain, or a damaged one.
    Expected<void, std::string> open();

    bool synced() const { return best_ == &chain_.index().tip(); }
    /// Last block that was indexed.
    const HeaderNode& best() const { return *best_; }

    /// Indexes some blocks. Nothing happens when it is synced.
    void step();

    struct Found {
        TransactionRef transaction;
        BlockHash block;
    };
    /// Empty: not in what was indexed.
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
