// ChainSnapshot: what threads other than the core thread know of the best chain without asking the
// node: its last block, and blocks requested since it became the last. The host creates one for
// each TipChanged. A reader that holds a snapshot sees one consistent state of the chain for as
// long as it likes; a snapshot taken after a call has returned includes the effects of that call.
// Thread-safe.
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

/// A header and its place in the chain, copied on the core thread for readers on other threads.
struct BlockSummary {
    BlockHeader header;
    BlockHash hash;
    Height height{0};
    bool in_active_chain = false;
    /// 1 for the active tip; -1 outside the active chain.
    int32_t confirmations = -1;
    std::optional<BlockHash> next;    ///< in the active chain
    int64_t median_time = 0;          ///< BIP113, in Unix seconds
    U256 score;                       ///< cumulative work, or the engine's score
    uint32_t transactions = 0;        ///< 0: the body was never received
    uint64_t chain_transactions = 0;  ///< in this block and all ancestors; 0: unknown
};

BlockSummary summarise(const Chainstate& chain, const HeaderNode& node);

/// A block and the coins that it spends, as of a given tip.
struct KnownBlock {
    BlockSummary summary;
    BlockRef block;
    /// Empty if there is none: the genesis block, or a block that was never connected.
    BlockUndo undo;
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
