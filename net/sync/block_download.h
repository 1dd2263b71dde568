// BlockDownload: which peer is asked for which block. Blocks are asked for along the branches that
// peers have shown, at most `blocks_in_flight_per_peer` from each, inside a window above what is
// already here, and each block of one peer at a time. A peer that lets its requests lie loses them
// to others, and after some times its connection. It does not judge blocks. Core thread.
//
// Bounds: in flight <= peers * blocks_in_flight_per_peer. A round over one peer walks at most
// kWindow headers.
#pragma once

#include <map>
#include <optional>

#include "net/peer/peer_table.h"

namespace parley {

class BlockDownload {
 public:
    explicit BlockDownload(PeerTable& table) : table_(table) {}

    /// Asks the peer for as many blocks as fit.
    void request_blocks(Peer& peer);
    void request_from_all();
    /// A block came. True: it had been asked of this peer, or of another.
    bool on_block(Peer& peer, const BlockHash& hash);
    /// The peer says that it has no such block.
    void on_not_found(Peer& peer, const BlockHash& hash);
    /// Everything that was asked of this peer may be asked of others again.
    void release(Peer& peer);
    void on_timer();
    std::optional<TimePoint> deadline() const;
    size_t in_flight() const { return in_flight_.size(); }

 private:
    bool offers_more(const Peer& peer) const;
    bool wanted(const HeaderNode& node) const;
    std::vector<const HeaderNode*> next_blocks(Peer& peer, size_t count_max);
    void time_out(Peer& peer);

    PeerTable& table_;
    std::map<BlockHash, PeerId> in_flight_;
};

}  // namespace parley
