// NetBackend: what the peer protocol needs from the rest of the node (chain, mempool, engine).
// Implemented by node/; called by PeerManager on the core thread, inside its on_* functions.
// Implementations may call the functions of PeerManager that are marked "re-entrant" from inside
// these calls (a new tip is announced while the block that made it is being submitted).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/peer_id.h"
#include "base/time.h"
#include "chain/primitives/block.h"
#include "chain/primitives/transaction.h"
#include "chain/rules/header_tree.h"

namespace parley {

/// Names a transaction by txid or by wtxid, as the peer that announced it does (BIP339).
struct GenTxid {
    enum class Kind : uint8_t { txid, wtxid };
    Kind kind = Kind::txid;
    Hash256 hash;

    static GenTxid of(const Txid& txid) { return {Kind::txid, txid}; }
    static GenTxid of(const Wtxid& wtxid) { return {Kind::wtxid, wtxid}; }
    auto operator<=>(const GenTxid&) const = default;
};

/// What became of a header or a block that a peer sent.
enum class BlockVerdict : uint8_t {
    accepted,        ///< new, and stored; it may still fail to connect (block_rejected says so)
    already_have,    ///< known, with its body; nothing changed, except that its seal may be new
    missing_parent,  ///< its parent is unknown: it waits in net's park while that is fetched
    missing_seal,    ///< kept, but not eligible before its seal arrives
    time_future,     ///< more than two hours ahead: not the sender's offence
    mutated,  ///< body and header do not belong together: the sender's offence, not the block's
    invalid,  ///< breaks a rule of header or block
    cached_invalid,  ///< was found invalid before
};

struct BlockOutcome {
    BlockVerdict verdict = BlockVerdict::accepted;
    std::string reason;                ///< bitcoind's word, for the log
    const HeaderNode* node = nullptr;  ///< where the header is in the tree
};

struct HeadersOutcome {
    /// Of the first header that was not accepted; accepted or already_have when all were.
    BlockVerdict verdict = BlockVerdict::accepted;
    std::string reason;
    const HeaderNode* last = nullptr;  ///< the last header that is in the tree now
    size_t added = 0;                  ///< headers that were new to the tree
};

enum class TransactionVerdict : uint8_t {
    accepted,
    already_have,
    missing_inputs,    ///< outputs that it spends are unknown: an orphan
    rejected,          ///< remembered by wtxid until the tip changes
    witness_stripped,  ///< nothing is remembered: its wtxid is the txid of the whole transaction
    none,              ///< a disk failed: nothing is known about it, and the node stops
};

struct TransactionOutcome {
    TransactionVerdict verdict = TransactionVerdict::accepted;
    std::string reason;
};

/// A waiting transaction as relay sees it.
struct RelayTransaction {
    Txid txid;
    Wtxid wtxid;
    int64_t fee_rate = 0;  ///< sat/kvB
};

class NetBackend {
 public:
    virtual ~NetBackend() = default;

    // --- the chain; nodes are owned by it, live on, and are only read here

    virtual const HeaderNode& active_tip() const = 0;
    /// The best known header: at least as good as the active tip.
    virtual const HeaderNode& best_header() const = 0;
    /// Null: unknown.
    virtual const HeaderNode* find_header(const BlockHash& hash) const = 0;
    /// Of the active chain; null above its tip.
    virtual const HeaderNode* active_at(Height height) const = 0;
    /// The block as it is stored, in BIP144's form. Empty: no body is stored (any more), or it
    /// cannot be read. What stands behind the header is the receiver's to check.
    virtual std::optional<Bytes> read_block_bytes(const HeaderNode& node) const = 0;
    virtual bool initial_download() const = 0;

    /// Headers in order, each the child of the one before. Stops at the first that is refused.
    virtual HeadersOutcome submit_headers(std::span<const BlockHeader> headers, TimePoint now) = 0;
    /// Checks, accepts and stores the block, then activates the best chain. `seal` is empty where
    /// the peer sent none.
    virtual BlockOutcome submit_block(PeerId from, const BlockRef& block, ByteSpan seal,
                                      TimePoint now) = 0;

    // --- transactions

    /// Waiting in the mempool; null otherwise.
    virtual TransactionRef find_transaction(const GenTxid& id) const = 0;
    /// Tries to add it to the mempool. The node calls announce_transaction when that worked.
    virtual TransactionOutcome submit_transaction(PeerId from, const TransactionRef& transaction,
                                                  TimePoint now) = 0;
    /// All waiting transactions, in order of arrival (parents before children).
    virtual std::vector<RelayTransaction> relay_transactions() const = 0;
    /// sat/kvB that a transaction must pay now to be accepted.
    virtual int64_t fee_rate_min() const = 0;

    // --- the engine, by peers that speak it

    /// A peer finished its handshake; `speaks_engine`: it announced kServiceParley.
    virtual void peer_ready(PeerId peer, bool speaks_engine, TimePoint now) = 0;
    /// A peer for which peer_ready was called is gone.
    virtual void peer_gone(PeerId peer, TimePoint now) = 0;
    virtual void engine_message(PeerId from, ByteSpan message, TimePoint now) = 0;
};

}  // namespace parley
