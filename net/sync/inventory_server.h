// InventoryServer: replies to getdata, getheaders, getblocks and mempool. Blocks are sent one by
// one, as far as the send window allows: the rest of a getdata waits until the transport has
// drained, and the peer's later requests wait behind it. A getdata of many entries is served in
// portions, so that other peers do not wait for its end. Core thread.
#pragma once

#include "net/peer/peer_table.h"
#include "net/peer/unfinished_replies.h"
#include "net/relay/initial_broadcast.h"

namespace parley {

class InventoryServer {
 public:
    InventoryServer(PeerTable& table, InitialBroadcast& initial_broadcast,
                    UnfinishedReplies& unfinished)
        : table_(table), initial_broadcast_(initial_broadcast), unfinished_(unfinished) {}

    void on_getdata(Peer& peer, ByteSpan payload);
    void on_getheaders(Peer& peer, ByteSpan payload);
    void on_getblocks(Peer& peer, ByteSpan payload);
    void on_mempool(Peer& peer);
    /// Continues an interrupted reply to getdata or mempool.
    void serve(Peer& peer);

 private:
    bool serve_one(Peer& peer, const message::InvEntry& entry);
    void serve_mempool(Peer& peer);
    bool serve_block(Peer& peer, const message::InvEntry& entry);
    bool serve_transaction(Peer& peer, const message::InvEntry& entry);
    bool check_locator(Peer& peer, size_t size, std::string_view command);

    PeerTable& table_;
    InitialBroadcast& initial_broadcast_;
    UnfinishedReplies& unfinished_;
};

}  // namespace parley
