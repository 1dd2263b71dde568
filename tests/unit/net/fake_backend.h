// FakeBackend: a small chain and mempool behind the peer protocol's tests. Blocks have one
// transaction; every header is worth one unit of score; a block is bad when its nonce says so. It
// checks nothing else, so that the tests are about the protocol alone.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "net/peer_manager.h"

namespace parley::test {

inline constexpr uint32_t kBadHeaderNonce = 0xbad0bad0;  ///< the header is invalid
inline constexpr uint32_t kBadBlockNonce = 0xbad1bad1;   ///< the body fails to connect
inline constexpr uint32_t kMutatedNonce = 0xbad2bad2;    ///< the body is not the header's

/// The block above `parent` that `salt` tells from its siblings.
BlockRef make_block(const BlockHeader& parent, int32_t height, uint32_t salt);
Bytes seal_for(const BlockHash& hash);
/// A transaction that spends output 0 of `parent`; equal salts give equal transactions.
TransactionRef make_spend(const Txid& parent, uint32_t salt, bool witness = false);

class FakeBackend final : public NetBackend {
 public:
    explicit FakeBackend(bool sealed = false);

    /// Where news go; set once, before use.
    void attach(PeerManager& manager) { manager_ = &manager; }

    /// Extends the branch of `parent` (or of the tip) by blocks of our own.
    const HeaderNode& mine(size_t count, TimePoint now, uint32_t salt = 0,
                           const HeaderNode* parent = nullptr, bool announce_as_own = true);
    /// Puts a transaction into the mempool and announces it.
    void add_transaction(const TransactionRef& transaction, TimePoint now, int64_t fee_rate = 1000);
    void add_coin(const Txid& txid) { coins_.insert(txid); }

    const HeaderNode& active_tip() const override { return *tip_; }
    const HeaderNode& best_header() const override { return *best_header_; }
    const HeaderNode* find_header(const BlockHash& hash) const override;
    const HeaderNode* active_at(Height height) const override;
    std::optional<Bytes> read_block_bytes(const HeaderNode& node) const override;
    bool initial_download() const override { return downloading; }
    HeadersOutcome submit_headers(std::span<const BlockHeader> headers, TimePoint now) override;
    BlockOutcome submit_block(PeerId from, const BlockRef& block, ByteSpan seal,
                              TimePoint now) override;
    TransactionRef find_transaction(const GenTxid& id) const override;
    TransactionOutcome submit_transaction(PeerId from, const TransactionRef& transaction,
                                          TimePoint now) override;
    std::vector<RelayTransaction> relay_transactions() const override;
    int64_t fee_rate_min() const override { return fee_rate; }
    void peer_ready(PeerId peer, bool speaks_engine, TimePoint now) override;
    void peer_gone(PeerId peer, TimePoint now) override;
    void engine_message(PeerId from, ByteSpan message, TimePoint now) override;

    bool downloading = false;
    int64_t fee_rate = 100;
    std::set<Txid> refused;             ///< transactions that the mempool rejects
    std::set<Txid> need_witness;        ///< transactions that it takes with a witness only
    size_t submitted_transactions = 0;  ///< calls of submit_transaction
    size_t submitted_blocks = 0;
    std::vector<std::pair<PeerId, Bytes>> engine_messages;
    std::map<PeerId, bool> ready_peers;
    size_t header_count() const { return nodes_.size(); }

 private:
    HeaderNode* add_header(const BlockHeader& header);
    void attach_seal(HeaderNode& node, ByteSpan seal);
    void update_scores(HeaderNode& node);
    void store(HeaderNode& node, const BlockRef& block, ByteSpan seal);
    void activate(TimePoint now, bool own);
    bool complete(const HeaderNode& node) const;
    HeaderNode* find(const BlockHash& hash);

    bool sealed_;
    PeerManager* manager_ = nullptr;
    std::map<BlockHash, HeaderNode> nodes_;
    std::map<BlockHash, std::vector<HeaderNode*>> children_;
    std::map<BlockHash, BlockRef> blocks_;
    HeaderNode* tip_ = nullptr;
    HeaderNode* best_header_ = nullptr;
    uint64_t next_sequence_ = 1;
    std::set<Txid> coins_;
    std::vector<std::pair<TransactionRef, int64_t>> mempool_;
    std::map<GenTxid, TransactionRef> by_id_;
};

}  // namespace parley::test
