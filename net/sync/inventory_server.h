// InventoryServer: replies to getdata, getheaders, getblocks and mempool. Blocks are sent one by
// one, as far as the send window allows: the rest of a getdata waits until the transport has
// drained, and the peer's later requests wait behind it. A getdata of many entries is served in
// portions, so that other peers do not wait for its end. Core thread.
#pragma once

#include <deque>
#include <optional>

#include "base/time.h"
#include "net/peer/peer_table.h"
#include "net/relay/initial_broadcast.h"

namespace parley {

class InventoryServer {
 public:
    InventoryServer(PeerTable& table, InitialBroadcast& initial_broadcast)
        : table_(table), initial_broadcast_(initial_broadcast) {}

    void on_getdata(Peer& peer, ByteSpan payload);
    void on_getheaders(Peer& peer, ByteSpan payload);
    void on_getblocks(Peer& peer, ByteSpan payload);
    void on_mempool(Peer& peer);
    /// Continues an interrupted getdata.
    void serve(Peer& peer);

    /// The next peer whose getdata was interrupted only because the portion of a step was used up.
    std::optional<PeerId> take_unfinished();
    std::optional<TimePoint> deadline() const {
        return unfinished_.empty() ? std::nullopt : std::optional{TimePoint{}};
    }

 private:
    bool serve_one(Peer& peer, const message::InvEntry& entry);
    bool serve_block(Peer& peer, const message::InvEntry& entry);
    bool serve_transaction(Peer& peer, const message::InvEntry& entry);
    bool check_locator(Peer& peer, size_t size, std::string_view command);

    PeerTable& table_;
    InitialBroadcast& initial_broadcast_;
    std::deque<PeerId> unfinished_;  ///< each peer at most once
};

}  // namespace parley
