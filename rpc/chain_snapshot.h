// ChainSnapshot: what rpc threads know of the best chain without asking the core: its last block,
// and blocks that were asked for since it is the last. The host makes one for each new tip. A
// reader that holds one sees a single state of the chain, however long it takes; one that takes a
// snapshot after a call has returned sees what that call did. Thread-safe.
#pragma once

#include <memory>

#include "rpc/node_values.h"

namespace parley::rpc {

/// A block of the best chain. All of it follows from the hash of the last block.
struct KnownBlock {
    BlockSummary summary;
    BlockWithSpent content;
};

class ChainSnapshot {
 public:
    virtual ~ChainSnapshot() = default;

    virtual const BlockSummary& tip() const = 0;
    /// Null: not known here, ask the node.
    virtual std::shared_ptr<const KnownBlock> find(const BlockHash& hash) const = 0;
    /// Offers a block for find(). `tip`: the last block of the chain when it was asked for; of
    /// another chain's it is not taken.
    virtual void keep(const BlockHash& tip, std::shared_ptr<const KnownBlock> block) const = 0;
};

}  // namespace parley::rpc
