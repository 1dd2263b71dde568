// Handshake: `version`, `wtxidrelay`, `sendaddrv2`, `verack`, in bitcoind 31's order and with its
// rules. The side that dialled speaks first; a connection to oneself shows by the nonce. Ends with
// the peer ready; what follows then belongs to the other parts. Core thread.
#pragma once

#include "net/peer/peer_table.h"

namespace parley {

enum class HandshakeResult : uint8_t {
    not_handled,  ///< another part's message
    handled,      ///< nothing more to do with it (also when it was dropped, or cost the peer)
    ready         ///< handled, and the handshake is complete now
};

class Handshake {
 public:
    explicit Handshake(PeerTable& table) : table_(table) {}

    /// A connection stands.
    void begin(Peer& peer);
    HandshakeResult handle(Peer& peer, const Frame& frame);

 private:
    void send_version(Peer& peer);
    void on_version(Peer& peer, ByteSpan payload);
    HandshakeResult on_verack(Peer& peer);
    bool is_own_nonce(uint64_t nonce) const;
    /// Empty: the peer is welcome.
    std::string refuse_reason(const Peer& peer, const message::Version& theirs) const;

    PeerTable& table_;
};

}  // namespace parley
