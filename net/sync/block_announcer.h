// BlockAnnouncer: tells peers about our tip. A block that this node made is pushed whole to every
// peer that has its parent and lacks it; otherwise peers hear of a tip by `headers` (BIP130) where
// they asked for that and the headers connect to what they have, else by `inv`. News are queued
// and leave at the end of the step, so that a step that connects many blocks announces one tip.
// Core thread.
#pragma once

#include <vector>

#include "net/peer/peer_table.h"

namespace parley {

class BlockAnnouncer {
 public:
    explicit BlockAnnouncer(PeerTable& table) : table_(table) {}

    /// The active tip changed; `own`: this node made the block.
    void announce(const HeaderNode& tip, bool own);
    /// Sends what was queued, and looks again at peers whose announcement is pending.
    void finish_step();

    /// Sends a block, with its seal in front where it has one and the peer understands it. False:
    /// its body is not here.
    static bool send_block(PeerTable& table, Peer& peer, const HeaderNode& node,
                           WitnessEncoding encoding);

 private:
    void push(const HeaderNode& node);
    void announce_tip(Peer& peer);

    PeerTable& table_;
    bool tip_changed_ = false;
    std::vector<const HeaderNode*> own_blocks_;
};

}  // namespace parley
