// Which headers a peer is known to have, and how two headers compare. No state of its own.
#pragma once

#include "chain/rules/header_node.h"
#include "net/peer/peer.h"
#include "net/wire/messages.h"

namespace parley {

/// By score where both have one; a header whose seal has not come yet counts by its height.
inline bool at_least_as_good(const HeaderNode& a, const HeaderNode& b) {
    if (a.score && b.score) return *a.score >= *b.score;
    return a.height >= b.height;
}

/// The peer has shown that it has this header, or we have told it.
bool peer_has(const Peer& peer, const HeaderNode& node);

/// Notes that the peer has this header.
void note_has(Peer& peer, const HeaderNode& node);

}  // namespace parley
