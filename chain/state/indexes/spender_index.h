// SpenderIndex: which transaction of the best chain spends an output (-txospenderindex).
//
// Store, besides what ChainIndex has: 's' and an outpoint (txid, 4 bytes of index): the position of
// the spending transaction, as in TxIndex. Records of blocks that a reorganisation disconnected
// remain; they count only as long as best() is such a block or builds on one.
//
// Core thread only.
#pragma once

#include <optional>

#include "chain/state/indexes/chain_index.h"
#include "chain/state/indexes/transaction_position.h"

namespace parley {

class SpenderIndex final : public ChainIndex {
 public:
    /// All references must outlive the index.
    SpenderIndex(Storage& store, const Chainstate& chain, LogSink& log)
        : ChainIndex(store, chain, log, "txospenderindex", "txospenderindex") {}

    /// Empty: no indexed block spends the output.
    Expected<std::optional<FoundTransaction>, StorageError> find(const OutPoint& outpoint) const;

 private:
    Expected<size_t, StorageError> index_block(WriteBatch& batch, const HeaderNode& node) override;
};

}  // namespace parley
