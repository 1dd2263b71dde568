// BloomFilters: lets a light client set the filter of what it hears (BIP37), and sends it filtered
// blocks. Only where the node offers that: with -peerbloomfilters, or to peers with the permission
// (BIP111). Core thread.
#pragma once

#include "net/peer/peer_table.h"

namespace parley {

class BloomFilters {
 public:
    explicit BloomFilters(PeerTable& table) : table_(table) {}

    void on_filterload(Peer& peer, ByteSpan payload);
    void on_filteradd(Peer& peer, ByteSpan payload);
    void on_filterclear(Peer& peer);

    /// Sends a merkleblock and the transactions of the block that match. Nothing if the peer has
    /// no filter. False: the block's body is not stored.
    static bool send_block(PeerTable& table, Peer& peer, const HeaderNode& node);

 private:
    /// False: the peer was disconnected.
    bool offered(Peer& peer, std::string_view command);

    PeerTable& table_;
};

}  // namespace parley
