// ChainIndex: what the indexes of the best chain have in common. Each has its own store, follows
// the chain in bounded steps, and may lag behind it. Nothing else depends on it, and a lost store
// is rebuilt.
//
// Store: 'M' as in the chain's stores; 'B' the hash of the last indexed block; the rest is the
// derived class's. Each step is one batch. The genesis block is not indexed.
//
// Errors: if the store fails, failure() is set and indexing stops. Core thread only.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "chain/state/chainstate.h"
#include "chain/state/indexes/transaction_position.h"

namespace parley {

class ChainIndex {
 public:
    virtual ~ChainIndex() = default;
    ChainIndex(const ChainIndex&) = delete;
    ChainIndex& operator=(const ChainIndex&) = delete;

    /// Call once. The error is a sentence: the store is damaged or belongs to another chain.
    Expected<void, std::string> open();

    /// Whether nothing is left to index. As in bitcoind, blocks that were disconnected stay indexed
    /// until others take their place: best() may be above the tip.
    bool synced() const;
    /// Whether the next block is one below a UTXO snapshot that is not validated yet.
    bool waiting() const;
    /// The last indexed block.
    const HeaderNode& best() const { return *best_; }
    /// The last block that was indexed and is part of the best chain.
    const HeaderNode& last_common() const { return *fork_point(best_, &chain_.index().tip()); }
    /// Whether no block that is left to index was pruned.
    bool has_history() const;
    /// As getindexinfo shows it.
    const std::string& title() const { return title_; }

    /// Indexes a limited number of blocks. Does nothing if up to date.
    void step();

    const std::optional<StorageError>& failure() const { return failure_; }

 protected:
    /// All references must outlive the index. `directory`: below indexes/, for messages.
    ChainIndex(Storage& store, const Chainstate& chain, LogSink& log, std::string title,
               std::string directory)
        : store_(store),
          chain_(chain),
          log_(log),
          title_(std::move(title)),
          directory_(std::move(directory)) {}

    /// Adds the records of a block whose parent was indexed last. Returns the bytes that were read.
    virtual Expected<size_t, StorageError> index_block(WriteBatch& batch,
                                                       const HeaderNode& node) = 0;
    Expected<BlockRef, StorageError> read_block(const HeaderNode& node) const;
    /// What is at the position that `record` contains, and its block, which is in the header tree.
    Expected<FoundTransaction, StorageError> read_transaction(ByteSpan record) const;
    StorageError damaged(const std::string& what) const;

    const Storage& store() const { return store_; }
    const Chainstate& chain() const { return chain_; }

 private:
    Storage& store_;
    const Chainstate& chain_;
    LogSink& log_;
    const std::string title_;
    const std::string directory_;
    const HeaderNode* best_ = nullptr;
    std::optional<StorageError> failure_;
};

}  // namespace parley
