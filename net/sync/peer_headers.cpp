#include "net/sync/peer_headers.h"

namespace parley {

namespace {

bool is_on_branch_of(const HeaderNode* tip, const HeaderNode& node) {
    return tip != nullptr && tip->height >= node.height && tip->ancestor(node.height) == &node;
}

}  // namespace

bool peer_has(const Peer& peer, const HeaderNode& node) {
    return node.height == Height{0} || is_on_branch_of(peer.sync.best_known, node) ||
           is_on_branch_of(peer.sync.header_sent, node);
}

void note_has(Peer& peer, const HeaderNode& node) {
    const HeaderNode*& best = peer.sync.best_known;
    if (best == nullptr || at_least_as_good(node, *best)) best = &node;
}

}  // namespace parley
