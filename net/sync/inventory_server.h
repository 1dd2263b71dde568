// InventoryServer: answers getdata, getheaders, getblocks and mempool. Blocks leave one after the
// other, and no more than the send window holds: the rest of a getdata waits until the transport
// has drained, and later requests of that peer wait behind it, in order. Core thread.
#pragma once

#include "net/peer/peer_table.h"

namespace parley {

class InventoryServer {
 public:
    explicit InventoryServer(PeerTable& table) : table_(table) {}

    void on_getdata(Peer& peer, ByteSpan payload);
    void on_getheaders(Peer& peer, ByteSpan payload);
    void on_getblocks(Peer& peer, ByteSpan payload);
    void on_mempool(Peer& peer);
    /// Goes on with an interrupted getdata.
    void serve(Peer& peer);

 private:
    bool serve_one(Peer& peer, const message::InvEntry& entry);
    bool serve_block(Peer& peer, const message::InvEntry& entry);
    bool serve_transaction(Peer& peer, const message::InvEntry& entry);
    bool check_locator(Peer& peer, size_t size, std::string_view command);

    PeerTable& table_;
};

}  // namespace parley
