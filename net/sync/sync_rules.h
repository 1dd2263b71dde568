// Small questions about header nodes that several parts of synchronisation ask. Pure functions.
#pragma once

#include "chain/rules/header_node.h"
#include "net/peer/peer.h"
#include "net/wire/messages.h"

namespace parley {

inline bool has_body(const HeaderNode& node) {
    return node.status == BlockStatus::stored || node.status == BlockStatus::connected;
}

inline bool is_invalid(const HeaderNode& node) {
    return node.status == BlockStatus::invalid || node.status == BlockStatus::invalid_ancestor;
}

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
