#include "net/sync/block_announcer.h"

#include <algorithm>

#include "net/sync/peer_headers.h"

namespace parley {

namespace {

/// Headers in one announcement; a longer branch is announced by inv and asked for (bitcoind's
/// MAX_BLOCKS_TO_ANNOUNCE).
constexpr size_t kHeadersAnnouncedMax = 8;
/// Blocks pushed in one step. Further ones are announced with the tip.
constexpr size_t kPushesPerStepMax = 16;

void send_seal(PeerTable& table, Peer& peer, const HeaderNode& node) {
    if (node.seal.empty() || !peer.handshake.speaks_parley()) return;
    table.send(peer, message::Seal{node.hash, node.seal});
}

}  // namespace

void BlockAnnouncer::announce(const HeaderNode& tip, bool own) {
    // The base of a UTXO snapshot, which peers could not get from here.
    if (&tip == table_.index().snapshot_base()) return;
    tip_changed_ = true;
    if (is_pushed(own) && to_push_.size() < kPushesPerStepMax) to_push_.push_back(&tip);
}

bool BlockAnnouncer::is_pushed(bool own) const {
    // With seals, all validators complete the same block at about the same time: if each pushed it
    // to all, it would cross every link several times. A header does not.
    if (table_.options().sealed_blocks) return false;
    const BlockRelay relay = table_.options().block_relay;
    return (relay == BlockRelay::own && own) ||
           (relay == BlockRelay::push && (own || !table_.initial_download()));
}

void BlockAnnouncer::send_headers(PeerTable& table, Peer& peer, const message::Headers& headers,
                                  const HeaderNode& last) {
    send_seal(table, peer, last);
    table.send(peer, headers);
}

bool BlockAnnouncer::send_block(PeerTable& table, Peer& peer, const HeaderNode& node,
                                WitnessEncoding encoding) {
    auto bytes = table.view().read_block_bytes(node);
    if (bytes && encoding == WitnessEncoding::without) {
        Reader reader(*bytes);
        const Block block = read_block(reader);
        if (reader.done())
            bytes = block.serialize(encoding);
        else
            bytes.reset();
    }
    if (!bytes) return false;
    send_seal(table, peer, node);
    table.send(peer, message::kBlockCommand, *bytes);
    return true;
}

void BlockAnnouncer::push(const HeaderNode& node) {
    std::shared_ptr<const Bytes> frame;  // read and encoded once, for the first peer that wants it
    for (auto& [id, peer] : table_.peers()) {
        // Other programs take a block that they have not asked for as misbehaviour. To a Parley
        // node, too, a block without its parent would count as misbehaviour: announce such a branch
        // instead.
        if (!peer.ready() || peer.flow.blocked || peer_has(peer, node) ||
            !peer_has(peer, *node.parent) || !peer.handshake.speaks_parley())
            continue;
        if (frame == nullptr) {
            const auto block = table_.view().read_block_bytes(node);
            if (!block) return;
            frame = encode_frame(table_.options().magic, message::kBlockCommand, *block);
        }
        send_seal(table_, peer, node);
        table_.send_frame(peer, message::kBlockCommand, frame);
        peer.sync.header_sent = &node;
    }
}

void BlockAnnouncer::announce_tip(Peer& peer) {
    const HeaderNode& tip = table_.index().tip();
    peer.sync.announcement_pending = peer.flow.blocked;
    if (peer.flow.blocked || peer_has(peer, tip)) return;
    std::vector<const HeaderNode*> branch;
    const HeaderNode* node = &tip;
    while (branch.size() < kHeadersAnnouncedMax && !peer_has(peer, *node)) {
        branch.push_back(node);
        node = node->parent;
    }
    if (peer.sync.prefers_headers && peer_has(peer, *node)) {
        message::Headers announcement;
        for (auto it = branch.rbegin(); it != branch.rend(); ++it)
            announcement.headers.push_back((*it)->header);
        peer.sync.header_sent = &tip;
        send_headers(table_, peer, announcement, tip);
    } else if (peer.sync.announced_tip != tip.hash) {
        peer.sync.announced_tip = tip.hash;
        message::Inv announcement;
        announcement.entries.push_back(message::InvEntry::of(InvType::block, tip.hash));
        table_.send(peer, announcement);
    }
}

void BlockAnnouncer::finish_step() {
    for (const HeaderNode* node : std::exchange(to_push_, {})) {
        if (node->parent != nullptr) push(*node);
    }
    const bool to_all = std::exchange(tip_changed_, false) && !table_.initial_download();
    for (auto& [id, peer] : table_.peers()) {
        if (peer.ready() && (to_all || peer.sync.announcement_pending)) announce_tip(peer);
    }
}

}  // namespace parley
