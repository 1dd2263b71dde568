// Handshake: `version`, `wtxidrelay`, `sendaddrv2`, `verack`, in bitcoind 31's order and with its
// rules. The side that dialled speaks first; a connection to oneself is detected by the nonce. Ends
// when the peer is ready; later messages are handled elsewhere. Core thread.
#pragma once

#include "net/peer/peer_table.h"

namespace parley {

enum class HandshakeResult : uint8_t {
    not_handled,  ///< not a handshake message
    handled,      ///< done (the message or the peer may have been dropped)
    ready         ///< handled, and the handshake is now complete
};

class Handshake {
 public:
    explicit Handshake(PeerTable& table) : table_(table) {}

    /// The connection is established.
    void begin(Peer& peer);
    HandshakeResult handle(Peer& peer, const Frame& frame);

 private:
    void send_version(Peer& peer);
    void on_version(Peer& peer, ByteSpan payload);
    HandshakeResult on_verack(Peer& peer);
    bool is_own_nonce(uint64_t nonce) const;
    /// Empty: the peer is accepted.
    std::string refuse_reason(const Peer& peer, const message::Version& theirs) const;

    PeerTable& table_;
};

}  // namespace parley
