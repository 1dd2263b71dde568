// ChainSnapshot: what threads other than the core know of the best chain without asking the node:
// its last block, and blocks that were asked for since it is the last. The host makes one for each
// TipChanged. A reader that holds one sees a single state of the chain, however long it takes; one
// that takes a snapshot after a call has returned sees what that call did. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/uint256.h"
#include "chain/primitives/block.h"
#include "chain/primitives/coins.h"

namespace parley {

class Chainstate;
struct HeaderNode;

/// A header of the tree and its place in it, copied on the core thread for readers on others.
struct BlockSummary {
    BlockHeader header;
    BlockHash hash;
    Height height{0};
    bool in_active_chain = false;
    /// 1 for the active tip; -1 outside the active chain.
    int32_t confirmations = -1;
    std::optional<BlockHash> next;    ///< in the active chain
    int64_t median_time = 0;          ///< of this and the ten before, Unix seconds
    U256 score;                       ///< cumulative work, or what the engine counts
    uint32_t transactions = 0;        ///< 0: the body never arrived
    uint64_t chain_transactions = 0;  ///< in this and all ancestors; 0: unknown
};

BlockSummary summarise(const Chainstate& chain, const HeaderNode& node);

/// A block and the coins that it spends. All of it follows from the hash of the last block.
struct KnownBlock {
    BlockSummary summary;
    BlockRef block;
    /// Empty where there is none: the genesis block, and a block that never connected.
    BlockUndo undo;
};

class ChainSnapshot {
 public:
    virtual ~ChainSnapshot() = default;

    virtual const BlockSummary& tip() const = 0;
    /// Null: not known here, ask the node.
    virtual std::shared_ptr<const KnownBlock> find(const BlockHash& hash) const = 0;
    /// Offers a block for find(). `tip`: the last block of the chain when it was asked for; the
    /// block is dropped when that is not this snapshot's.
    virtual void keep(const BlockHash& tip, std::shared_ptr<const KnownBlock> block) const = 0;
};

}  // namespace parley
