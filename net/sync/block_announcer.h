// BlockAnnouncer: announces our tip. A block made by this node (or, by option, each new tip) is
// pushed to every peer that has its parent and lacks it; otherwise a tip is announced by `headers`
// (BIP130) if the peer asked for that and the headers connect to what it has, else by `inv`.
// Announcements are queued and sent at
// the end of the step, so a step that connects many blocks announces only one tip. Core thread.
#pragma once

#include <vector>

#include "net/peer/peer_table.h"

namespace parley {

class BlockAnnouncer {
 public:
    explicit BlockAnnouncer(PeerTable& table) : table_(table) {}

    /// The active tip changed; `own`: this node made the block.
    void announce(const HeaderNode& tip, bool own);
    /// Sends queued announcements, and reconsiders peers whose announcement is pending.
    void finish_step();

    /// Sends headers, preceded by the seal of the last one, `last`, if it has one and the peer
    /// supports it.
    static void send_headers(PeerTable& table, Peer& peer, const message::Headers& headers,
                             const HeaderNode& last);
    /// Sends a block, preceded by its seal if it has one and the peer supports it. False: its body
    /// is not stored.
    static bool send_block(PeerTable& table, Peer& peer, const HeaderNode& node,
                           WitnessEncoding encoding);

 private:
    bool is_pushed(bool own) const;
    void push(const HeaderNode& node);
    void announce_tip(Peer& peer);

    PeerTable& table_;
    bool tip_changed_ = false;
    std::vector<const HeaderNode*> to_push_;
};

}  // namespace parley
