// ChainFlow: the way of blocks and transactions through the node. A block goes to the chainstate;
// what that changes goes, in order, to the mempool, the wallets, the engine and the peers. A
// transaction goes to the mempool; what that changes goes to the wallets and the peers. Core thread
// only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "chain/state/chainstate.h"
#include "mempool/mempool.h"

namespace parley {

struct NodeCore;

/// Where a block comes from.
enum class BlockSource : uint8_t {
    own,    ///< made by this node alone, so that the peers cannot have it
    local,  ///< from the engine, a file or a user
    peer,
};

class ChainFlow {
 public:
    explicit ChainFlow(NodeCore& core) : core_(core) {}

    /// Stores the block and moves to the best chain. Where the block fails to connect, the result
    /// says so; but a peer's block with known successors may be accepted before its scripts have
    /// run, and is reported when they fail.
    BlockResult submit_block(const BlockRef& block, ByteSpan seal, BlockSource source);

    /// Moves to the best chain and tells everybody. One bounded piece of work: pending() says
    /// whether to call again. Returns the blocks that turned out invalid on the way; they have been
    /// reported already.
    std::vector<InvalidBlock> advance(Settle settle = Settle::all);
    bool pending() const { return pending_; }
    /// The scripts of a block are being checked: advance() when there is nothing else to do.
    bool unsettled() const { return unsettled_; }
    /// Until nothing is pending, nor unsettled.
    void advance_fully();

    Expected<AcceptInfo, TxFailure> submit_transaction(const TransactionRef& transaction);

    /// Hands on what happened in the mempool since the last call.
    void spread_mempool_changes();

    /// True until the tip is recent, never again after that; with absolute finality: while many
    /// known blocks are missing.
    bool initial_download() const;

    /// Sentences for the user: unknown rules are in force. They stay until the node stops.
    const std::vector<std::string>& warnings() const { return warnings_; }

    /// Disconnected blocks -> reorganisations of that depth since the start.
    const std::map<uint32_t, uint64_t>& reorganisations() const { return reorganisations_; }

 private:
    void spread(const ChainUpdate& update);
    void log_tip();
    /// Of the block after the tip. Returns those that are locked in, for the log.
    std::string note_unknown_rules();

    NodeCore& core_;
    bool pending_ = false;
    bool unsettled_ = false;
    bool spreading_ = false;
    std::vector<std::string> warnings_;
    mutable bool download_finished_ = false;
    std::map<uint32_t, uint64_t> reorganisations_;
    BlockHash own_block_;  ///< the last block that this node made
};

}  // namespace parley
