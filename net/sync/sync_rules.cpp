#include "net/sync/sync_rules.h"

#include <algorithm>

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

std::vector<BlockHash> make_locator(const HeaderNode& from) {
    constexpr size_t kDense = 10;
    std::vector<BlockHash> hashes;
    int32_t step = 1;
    for (int32_t height = from.height.value(); height > 0; height -= step) {
        hashes.push_back(from.ancestor(Height{height})->hash);
        if (hashes.size() > kDense) step = std::min(step * 2, height);
    }
    hashes.push_back(from.ancestor(Height{0})->hash);
    return hashes;
}

}  // namespace parley
