// TxIndex: the position of each transaction of the best chain in the block files (-txindex).
//
// Store, besides what ChainIndex has: 't' and a txid: a TransactionPosition. Entries of blocks that
// a reorganisation disconnected remain until a block of the new branch contains the same
// transaction.
//
// Core thread only.
#pragma once

#include <optional>

#include "chain/state/indexes/chain_index.h"
#include "chain/state/indexes/transaction_position.h"

namespace parley {

class TxIndex final : public ChainIndex {
 public:
    /// All references must outlive the index.
    TxIndex(Storage& store, const Chainstate& chain, LogSink& log)
        : ChainIndex(store, chain, log, "txindex", "txindex") {}

    using Found = FoundTransaction;
    /// Empty: not in an indexed block.
    Expected<std::optional<Found>, StorageError> find(const Txid& txid) const;

 private:
    Expected<size_t, StorageError> index_block(WriteBatch& batch, const HeaderNode& node) override;
};

}  // namespace parley
