// FakeBackend: a block index and a mempool behind the peer protocol's tests. Blocks have one
// transaction; every header is worth its claimed work; a block is bad when its nonce says so; a
// seal is right if it is seal_for() the block. It checks nothing else, so that the tests are about
// the protocol alone. run() plays the node's part: it answers the manager's asks and hands it the
// news.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "net/peer_manager.h"

namespace parley::test {

inline constexpr uint32_t kBadHeaderNonce = 0xbad0bad0;  ///< the header is invalid
inline constexpr uint32_t kEasyBits = 0x207fffff;
inline constexpr uint32_t kBadBlockNonce = 0xbad1bad1;  ///< the body fails to connect
inline constexpr uint32_t kMutatedNonce = 0xbad2bad2;   ///< the body is not the header's

/// Makes the header meet its target, by its time: the nonce says what the backend thinks of it.
void solve(BlockHeader& header);
/// The child of `parent` with this `salt`, which distinguishes it from its siblings. Solved if the
/// parent's target is that of regtest.
/// `spacing`: seconds behind its parent.
BlockRef make_block(const BlockHeader& parent, int32_t height, uint32_t salt, uint32_t spacing = 1);
Bytes seal_for(const BlockHash& hash);
/// The txid of a made-up coin.
inline Txid coin(uint8_t number) {
    Txid txid;
    txid.bytes()[0] = number;
    return txid;
}
/// A transaction that spends output 0 of `parent`; equal salts give equal transactions.
TransactionRef make_spend(const Txid& parent, uint32_t salt, bool witness = false);

class FakeBackend final : public NetView {
 public:
    explicit FakeBackend(bool sealed = false);

    /// Hands the manager an input, then the news and the answers to its asks, until it asks for
    /// nothing any more. Returns what is for the host.
    NetOutputs run(PeerManager& manager, NetInput input, TimePoint now);
    /// The same without an input: what the test itself did to the backend or to the manager.
    NetOutputs run(PeerManager& manager, TimePoint now);

    /// Extends the branch of `parent` (or of the tip) by blocks of our own.
    const HeaderNode& mine(size_t count, uint32_t salt = 0, const HeaderNode* parent = nullptr,
                           bool announce_as_own = true);
    /// Puts a transaction into the mempool and announces it.
    void add_transaction(const TransactionRef& transaction, int64_t fee_rate = 1000);
    /// The same, of one that a disconnected block had.
    void return_transaction(const TransactionRef& transaction);
    void remove_transaction(const TransactionRef& transaction);
    BlockResult submit_block(const BlockRef& block, ByteSpan seal);
    void add_coin(const Txid& txid) { coins_.insert(txid); }
    /// Bodies that come from now on are stored in the next file.
    void begin_file() { ++file_; }
    /// Prunes the blocks of a file; the first is 0.
    void remove_file(uint32_t file) { index_.remove_bodies({&file, 1}); }

    const BlockIndex& index() const override { return index_; }
    const HeaderNode& active_tip() const { return index_.tip(); }
    const HeaderNode* active_at(Height height) const { return index_.at_height(height); }
    std::optional<Bytes> read_block_bytes(const HeaderNode& node) const override;
    std::optional<FilterRecord> find_filter(const HeaderNode& node) const override;
    bool initial_download(TimePoint) const override { return downloading; }
    TransactionRef find_transaction(const GenTxid& id) const override;
    std::optional<int64_t> arrival(const GenTxid& id) const override;
    std::vector<RelayTransaction> relay_transactions() const override;
    uint64_t mempool_sequence() const override { return arrivals_.size() + 1; }
    int64_t fee_rate_min(TimePoint) const override { return fee_rate; }

    bool downloading = false;
    std::optional<Height> filters_to;  ///< blocks up to here have filters; empty: none has
    size_t filter_size = 10;           ///< bytes
    mutable size_t filters_read = 0;
    uint32_t spacing = 1;  ///< seconds between blocks of mine()
    int64_t fee_rate = 100;
    std::set<Txid> refused;             ///< transactions that the mempool rejects
    std::set<Txid> premature;           ///< transactions that a later block makes valid
    std::set<Txid> underpaid;           ///< transactions that it takes with a child only
    std::set<Txid> need_witness;        ///< transactions that it takes with a witness only
    size_t submitted_transactions = 0;  ///< asked about so far
    size_t submitted_packages = 0;
    size_t submitted_blocks = 0;
    std::vector<std::pair<PeerId, Bytes>> engine_messages;
    std::map<PeerId, bool> ready_peers;
    size_t headers = 1;  ///< in the index, with the genesis block's

 private:
    void insert(const TransactionRef& transaction, int64_t rate, int64_t arrival);
    HeadersResult submit_headers(const std::vector<BlockHeader>& headers, ByteSpan seal);
    void attach_seal(const HeaderNode& node, ByteSpan seal);
    std::optional<TxReject> submit_transaction(const TransactionRef& transaction);
    std::map<Wtxid, TxReject> submit_package(const TransactionRef& parent,
                                             const TransactionRef& child);
    /// Hands over one input and everything that follows from it; appends what is for the host.
    void settle(PeerManager& manager, NetInput input, TimePoint now, NetOutputs& result);
    /// The input that an ask is answered with; empty where there is none.
    std::optional<NetInput> answer(NetOutput& output);
    /// A header that is known already, or is new below a known parent.
    const HeaderNode& add_header(const BlockHeader& header);
    void store(const HeaderNode& node, const BlockRef& block, ByteSpan seal);
    void activate(bool own);
    void connect(const HeaderNode& node);

    bool sealed_;
    const ChainParams params_;
    const std::unique_ptr<const HeaderRules> rules_;
    BlockIndex index_;
    uint64_t bodies_ = 0;
    uint32_t file_ = 0;
    std::deque<NetInput> news_;
    std::map<BlockHash, BlockRef> blocks_;
    std::set<Txid> coins_;
    std::vector<std::pair<TransactionRef, int64_t>> mempool_;
    std::map<GenTxid, TransactionRef> by_id_;
    std::map<TransactionRef, int64_t> arrivals_;
};

}  // namespace parley::test
