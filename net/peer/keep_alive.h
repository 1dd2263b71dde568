// KeepAlive: pings and their round-trip times; closes connections that do not finish the handshake,
// fall silent, or do not read what is sent. Core thread.
#pragma once

#include <optional>
#include <string_view>

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
        std::string_view reason;
    };
    /// The earliest time at which this connection will be closed if nothing is received.
    Limit next_limit(const Peer& peer) const;

    PeerTable& table_;
};

}  // namespace parley
