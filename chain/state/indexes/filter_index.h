// FilterIndex: the basic filter of each block of the best chain, and the header that commits to it
// (-blockfilterindex; BIP157 and BIP158).
//
// Store, besides what ChainIndex has: 'f' and a block hash: the filter's header (32), the filter.
// Records of blocks that a reorganisation disconnected remain. Core thread only.
#pragma once

#include <optional>
#include <utility>

#include "chain/state/indexes/block_filter.h"
#include "chain/state/indexes/chain_index.h"

namespace parley {

class FilterIndex final : public ChainIndex {
 public:
    /// All references must outlive the index.
    FilterIndex(Storage& store, const Chainstate& chain, LogSink& log)
        : ChainIndex(store, chain, log, "basic block filter index", "blockfilter/basic") {}

    using Record = FilterRecord;
    /// Empty: the block is not indexed.
    Expected<std::optional<Record>, StorageError> find(const HeaderNode& node) const;

 private:
    Expected<size_t, StorageError> index_block(WriteBatch& batch, const HeaderNode& node) override;
    Expected<Record, StorageError> make(const HeaderNode& node, const Hash256& previous) const;

    /// Of the block that was indexed last in this run.
    std::optional<std::pair<const HeaderNode*, Hash256>> last_;
};

}  // namespace parley
