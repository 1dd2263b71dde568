// BlockDownload: decides which block to request from which peer. Blocks are requested along the
// branches that peers are known to have, at most `blocks_in_flight_per_peer` per peer, within a
// window above the last block stored, and each block from one peer at a time. A peer that does not
// deliver loses its requests to others and, after repeated timeouts, its connection. It does not
// judge blocks. Core thread.
//
// Bounds: in flight <= peers * blocks_in_flight_per_peer. One pass over one peer visits at most
// kWindow headers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/peer/peer_table.h"

namespace parley {

class BlockDownload {
 public:
    explicit BlockDownload(PeerTable& table) : table_(table) {}

    /// Requests as many blocks as allowed.
    void request_blocks(Peer& peer);
    void request_from_all();
    /// The peer has announced this block: requests it, and the few missing below it, if its branch
    /// is as good as ours. request_blocks() follows only the best branch that the peer has shown.
    void request_announced(Peer& peer, const HeaderNode& last);
    /// getblockfrompeer: requests this block from this peer, whoever was asked before. The problem
    /// in bitcoind's words; empty: requested.
    std::string fetch(Peer& peer, const HeaderNode& node);
    /// A block was received. True: it had been requested, from this peer or another.
    bool on_block(Peer& peer, const BlockHash& hash);
    /// The peer replied that it has no such block.
    void on_not_found(Peer& peer, const BlockHash& hash);
    /// Everything requested from this peer may be requested from others.
    void release(Peer& peer);
    void on_timer();
    std::optional<TimePoint> deadline() const;
    size_t in_flight() const { return in_flight_.size(); }

 private:
    bool offers_more(const Peer& peer) const;
    bool wanted(const HeaderNode& node) const;
    // Pruned, and needed to move to its branch.
    bool wanted_again(const HeaderNode& node) const;
    std::vector<const HeaderNode*> next_blocks(Peer& peer, size_t count_max);
    std::vector<const HeaderNode*> next_below_snapshot(const Peer& peer, size_t count_max) const;
    void send_request(Peer& peer, const std::vector<const HeaderNode*>& blocks);
    void time_out(Peer& peer);

    PeerTable& table_;
    std::map<BlockHash, PeerId> in_flight_;
};

}  // namespace parley
