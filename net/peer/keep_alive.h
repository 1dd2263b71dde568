// KeepAlive: pings and their round trips, and the end of connections that never finish their
// handshake, fall silent, or do not take what is sent. Core thread.
#pragma once

#include <optional>

#include "net/peer/peer_table.h"

namespace parley {

class KeepAlive {
 public:
    explicit KeepAlive(PeerTable& table) : table_(table) {}

    void on_connected(Peer& peer);
    void on_ping(Peer& peer, ByteSpan payload);
    void on_pong(Peer& peer, ByteSpan payload);
    void send_ping(Peer& peer);
    void on_timer();
    std::optional<TimePoint> deadline() const;

 private:
    struct Limit {
        TimePoint time;
        const char* reason;
    };
    /// The next moment at which this connection ends if nothing happens before.
    Limit next_limit(const Peer& peer) const;

    PeerTable& table_;
};

}  // namespace parley
