// ChainSync: headers-first synchronisation. It asks peers for headers with a locator, hands what
// comes to the chain, lets BlockDownload fetch the bodies, and takes `block` (asked for or pushed)
// with the `seal` in front of it. Anti-entropy: now and then each peer is asked again, so that
// nothing that got lost stays lost. Which blocks are valid is the chain's judgement. Core thread.
//
// Against strangers: at most one getheaders is unanswered per peer; unsolicited blocks are taken
// only near the tip; headers without seals are free to make, so a peer may be ahead with only
// kUnsealedHeadersMax of them.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "net/peer/net_input.h"
#include "net/peer/peer_table.h"
#include "net/sync/block_download.h"
#include "net/sync/block_park.h"

namespace parley {

class ChainSync {
 public:
    ChainSync(PeerTable& table, BlockDownload& download) : table_(table), download_(download) {}

    void on_ready(Peer& peer);
    /// The connection is being given up: what was asked of it is free again.
    void on_gone(Peer& peer);
    void on_headers(Peer& peer, ByteSpan payload);
    void on_seal(Peer& peer, ByteSpan payload);
    void on_block(Peer& peer, ByteSpan payload);
    void on_headers_judged(const net_input::HeadersJudged& judged);
    void on_block_judged(net_input::BlockJudged judged);
    /// The blocks of an `inv`.
    void on_announced(Peer& peer, const std::vector<BlockHash>& hashes);
    void block_rejected(const BlockHash& hash, const std::string& reason);
    /// The engine knows that this peer is ahead.
    void request_headers(Peer& peer);
    /// The active tip moved: the download window may have moved with it.
    void tip_changed() { work_pending_ = true; }
    void on_not_found(Peer& peer, const BlockHash& hash);
    /// After each step: work that the step made possible.
    void finish_step();
    void on_timer();
    std::optional<TimePoint> deadline() const;

 private:
    /// Asks for the headers behind `from`, unless such a question is open.
    void send_getheaders(Peer& peer, const HeaderNode& from);
    /// The same from our best header, or one below, so that the answer is never empty.
    void ask_from_best(Peer& peer);
    void probe(Peer& peer);
    bool check_sequence(Peer& peer, const std::vector<BlockHeader>& headers);
    /// Counts headers that cost nothing to make. False: too many, and the peer has paid for it.
    bool charge_headers(Peer& peer, const HeadersResult& result);
    void on_unconnecting(Peer& peer, const BlockHash& last);
    void continue_headers(Peer& peer, const HeadersResult& result);
    void stop_continuing(const Peer& peer);
    void resolve_unknown(Peer& peer);
    bool takes_unsolicited(const BlockHeader& header) const;
    /// Asks for the verdict about the next block in line, unless one is being judged.
    void submit_next();
    void adopt(const BlockHash& parent);
    void judge(Peer& peer, const BlockResult& result);
    void park(BlockPark::Parked block);
    void punish_for(Peer& peer, const BlockError& error);
    void ask_about_unknown(Peer& peer);
    void fetch_block(Peer& peer, const BlockHash& hash);
    void remember_source(const BlockHash& hash, PeerId peer);
    void credit_sealed(const HeaderNode& node);
    bool may_bring_headers(const Peer& peer) const;

    PeerTable& table_;
    BlockDownload& download_;
    /// Who leads the download of a long chain of headers; the others wait with theirs.
    std::optional<PeerId> leader_;
    bool work_pending_ = false;
    BlockPark park_;
    std::deque<BlockPark::Parked> to_submit_;
    bool submitting_ = false;  ///< a SubmitBlock is not answered yet
    /// Who sent a block that may yet fail to connect; bounded, oldest first.
    std::map<BlockHash, PeerId> sources_;
    std::deque<BlockHash> source_order_;
};

}  // namespace parley
