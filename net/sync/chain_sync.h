// ChainSync: headers-first synchronisation. It requests headers with a locator, submits them to the
// chain, lets BlockDownload fetch the bodies, and accepts `block` (requested or pushed) with the
// `seal` preceding it. Anti-entropy: each peer is asked again periodically, so that lost messages
// have no lasting effect. The chain judges which blocks are valid. Core thread.
//
// Limits against attackers: one unanswered getheaders per peer; headers only with work (HeaderGate)
// behind them; unsolicited blocks only near our tip, and few that are no better than it. Where
// blocks are sealed, `seal` precedes `headers` too: new headers count only with the seal of the
// last of them, which the chain verifies before it stores any; and no block counts without its
// seal. Only Parley nodes send seals, so nobody else is asked for headers of such a chain.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "net/peer/net_input.h"
#include "net/peer/peer_table.h"
#include "net/sync/block_download.h"
#include "net/sync/header_gate.h"
#include "net/sync/orphan_blocks.h"

namespace parley {

class ChainSync {
 public:
    ChainSync(PeerTable& table, BlockDownload& download)
        : table_(table), download_(download), gate_(table) {}

    void on_ready(Peer& peer);
    /// The connection is being closed: what was requested from it may be requested from others.
    void on_gone(Peer& peer);
    void on_headers(Peer& peer, ByteSpan payload);
    void on_seal(Peer& peer, ByteSpan payload);
    void on_block(Peer& peer, ByteSpan payload);
    void on_headers_judged(const net_input::HeadersJudged& judged);
    void on_block_judged(net_input::BlockJudged judged);
    /// The blocks of an `inv`.
    void on_announced(Peer& peer, const std::vector<BlockHash>& hashes);
    void block_rejected(const BlockHash& hash, const std::string& reason);
    /// The engine knows that this peer is ahead of us.
    void request_headers(Peer& peer);
    /// The active tip changed: the download window may have moved.
    void tip_changed();
    /// Blocks may be fetched that had to wait before.
    void request_more() { work_pending_ = true; }
    void on_not_found(Peer& peer, const BlockHash& hash);
    /// After each step: does the work that it made possible.
    void finish_step();
    void on_timer();
    std::optional<TimePoint> deadline() const;

 private:
    /// Requests the headers after `from`, unless a request is unanswered.
    void send_getheaders(Peer& peer, const HeaderNode& from,
                         const std::optional<BlockHash>& behind = std::nullopt);
    /// The same from our best header, or one below, so that the reply is never empty.
    void ask_from_best(Peer& peer);
    void probe(Peer& peer);
    /// Whether the headers are linked, and each meets its own proof of work. False: the peer was
    /// punished.
    bool check_sequence(Peer& peer, const std::vector<BlockHeader>& headers);
    /// Submits those headers that pass the gate; `seal` is that of the last. REQUIRES:
    /// check_sequence(), and not empty.
    void submit_headers(Peer& peer, std::vector<BlockHeader> headers, Bytes seal);
    /// Whether headers of a sealed chain may be submitted: they are known, or the last comes with
    /// its seal. Otherwise a single one is an announcement, and several are an offence. REQUIRES:
    /// not empty.
    bool admit_sealed(Peer& peer, const std::vector<BlockHeader>& headers, const Bytes& seal);
    /// The header from which to continue: the best one, or a higher one with a seal whose
    /// ancestors' seals have not arrived yet.
    const HeaderNode& highest_header() const;
    void on_unconnecting(Peer& peer, const BlockHash& last);
    void continue_headers(Peer& peer, const HeadersResult& result);
    void stop_continuing(const Peer& peer);
    void resolve_unknown(Peer& peer);
    /// Unsolicited blocks taken for each tip that are no better than it. Any could win the race,
    /// but where work is cheap they would fill the disk.
    static constexpr size_t kRivalsMax = 16;
    /// By how many blocks' work a rival may be behind the tip. To drop its body would cost a round
    /// trip when its branch overtakes, and the block after it would wait for that too.
    static constexpr uint32_t kRivalLagMax = 6;
    /// A block counts with those that wait for it (OrphanBlocks).
    bool takes_unsolicited(const BlockHeader& header);
    /// Whether the block needs a seal, and has none yet.
    bool lacks_seal(const BlockHash& hash, const Bytes& seal) const;
    /// Submits the next queued block, unless one is being judged.
    void submit_next();
    void adopt(const BlockHash& parent);
    void judge(Peer& peer, const BlockResult& result);
    void keep_orphan(OrphanBlocks::Orphan block);
    void punish_for(Peer& peer, const BlockError& error);
    void ask_about_unknown(Peer& peer);
    /// With -blockrelay=inv: fetches an announced block, unless another peer has been asked for it
    /// not long ago. False: it must be asked for by its header.
    bool fetch_announced(Peer& peer, const BlockHash& hash);
    void fetch_block(Peer& peer, const BlockHash& hash);
    void remember_source(const BlockHash& hash, PeerId peer);
    /// Headers of a sealed chain count only with a seal, and only Parley nodes send seals.
    bool may_bring_headers(const Peer& peer) const;

    PeerTable& table_;
    BlockDownload& download_;
    HeaderGate gate_;
    size_t rivals_left_ = kRivalsMax;  ///< unsolicited blocks no better than the tip, still taken
    /// The peer from which a long chain of headers is downloaded; others wait.
    std::optional<PeerId> leader_;
    /// The highest header that came with a seal; null before the first.
    const HeaderNode* certified_ = nullptr;
    bool work_pending_ = false;
    /// Last blocks of headers that were announced since the last look.
    std::vector<std::pair<PeerId, const HeaderNode*>> announced_;
    /// Blocks being fetched by an `inv`, and until when no other peer is asked for them.
    static constexpr size_t kFetchedMax = 64;
    std::map<BlockHash, TimePoint> fetched_;
    OrphanBlocks orphans_;
    std::deque<OrphanBlocks::Orphan> to_submit_;
    bool submitting_ = false;  ///< a SubmitBlock is unanswered
    /// Senders of blocks that may still fail to connect; bounded, oldest first.
    std::map<BlockHash, PeerId> sources_;
    std::deque<BlockHash> source_order_;
};

}  // namespace parley
