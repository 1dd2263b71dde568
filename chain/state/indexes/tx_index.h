// TxIndex: the position of each transaction of the best chain in the block files (-txindex).
//
// Store, besides what ChainIndex has: 't' and a txid: file (4), offset of the block (8), offset of
// the transaction in the block (4), size (4), little-endian. Entries of blocks that a
// reorganisation disconnected remain until a block of the new branch contains the same transaction.
//
// Core thread only.
#pragma once

#include <optional>

#include "chain/state/indexes/chain_index.h"

namespace parley {

class TxIndex final : public ChainIndex {
 public:
    /// All references must outlive the index.
    TxIndex(Storage& store, const Chainstate& chain, LogSink& log)
        : ChainIndex(store, chain, log, "txindex", "txindex") {}

    struct Found {
        TransactionRef transaction;
        BlockHash block;
    };
    /// Empty: not in an indexed block.
    Expected<std::optional<Found>, StorageError> find(const Txid& txid) const;

 private:
    Expected<size_t, StorageError> index_block(WriteBatch& batch, const HeaderNode& node) override;
};

}  // namespace parley
