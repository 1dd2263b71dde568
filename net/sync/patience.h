// Patience: how long to wait for a peer's reply before another peer is asked. A timeout below the
// link's round-trip time is always missed: the reply arrives, but too late to count. Stateless.
#pragma once

#include <algorithm>

#include "net/peer/peer.h"

namespace parley {

/// A slow link, or a peer that delays its pongs, does not get more than this.
inline constexpr Duration kPatienceMax = std::chrono::minutes{2};

/// `usual`, or two round trips if these take longer. Until the first pong, the handshake tells how
/// long a round trip takes.
inline Duration patience(const Peer& peer, Duration usual) {
    const Duration round_trip = peer.liveness.ping_min.value_or(peer.liveness.handshake_time);
    return std::max(usual, std::min(2 * round_trip, kPatienceMax));
}

}  // namespace parley
