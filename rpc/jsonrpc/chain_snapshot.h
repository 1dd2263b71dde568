// ChainSnapshot: what threads other than the core thread know of the best chain without asking the
// node: its last block, and blocks requested since it became the last. The host creates one for
// each TipChanged. A reader that holds a snapshot sees one consistent state of the chain for as
// long as it likes; a snapshot taken after a call has returned includes the effects of that call.
// Thread-safe.
#pragma once

#include <memory>

#include "chain/primitives/coins.h"
#include "node/block_summary.h"

namespace parley {

/// A block and the coins that it spends, as of a given tip.
struct KnownBlock {
    BlockSummary summary;
    BlockRef block;
    /// Empty if there is none: the genesis block, or a block that was never connected.
    BlockUndo undo;
    uint32_t file = 0;  ///< the number of the file that it was read from
};

class ChainSnapshot {
 public:
    virtual ~ChainSnapshot() = default;

    virtual const BlockSummary& tip() const = 0;
    /// Null: not cached; ask the node.
    virtual std::shared_ptr<const KnownBlock> find(const BlockHash& hash) const = 0;
    /// Caches a block for find(). `tip`: the last block of the chain when it was read; if that is
    /// not this snapshot's tip, the block is dropped.
    virtual void keep(const BlockHash& tip, std::shared_ptr<const KnownBlock> block) const = 0;
};

}  // namespace parley
