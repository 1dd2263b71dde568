#include "net/sync/block_download.h"

#include <algorithm>

#include "net/sync/patience.h"
#include "net/sync/peer_headers.h"

namespace parley {

namespace {

/// Blocks that may be requested ahead of the first missing one: blocks that arrive out of order are
/// stored, and one slow peer must not let them accumulate without bound (bitcoind's
/// BLOCK_DOWNLOAD_WINDOW).
constexpr int32_t kWindow = 1024;
/// Headers that one step of the walk collects.
constexpr int32_t kWalkStep = 128;
/// For a peer that only has recent blocks, and whose tip may have advanced by two.
constexpr int32_t kLimitedDepth = kLimitedBlocks - 2;
/// Consecutive timeouts after which a peer is disconnected.
constexpr int kTimeoutsMax = 3;

}  // namespace

bool BlockDownload::wanted(const HeaderNode& node) const {
    // A pruned block stays `connected`.
    if (node.status != BlockStatus::stored && node.status != BlockStatus::connected) return true;
    return table_.options().sealed_blocks && node.seal.empty() && !node.score;
}

bool BlockDownload::wanted_again(const HeaderNode& node) const {
    return node.is_pruned() && !table_.index().contains(node);
}

bool BlockDownload::offers_more(const Peer& peer) const {
    const HeaderNode* best = peer.sync.best_known;
    if (best == nullptr || best->is_invalid() || !peer.handshake.has_blocks()) return false;
    const HeaderNode& tip = table_.index().tip();
    if (best == &tip) return false;
    if (best->score && *best->score < table_.options().minimum_score) return false;
    // A branch as good as ours is fetched too, because either may win.
    if (best->score && tip.score) return *best->score >= *tip.score;
    return best->height > tip.height;
}

std::vector<const HeaderNode*> BlockDownload::next_blocks(Peer& peer, size_t count_max) {
    std::vector<const HeaderNode*> result;
    PeerSync& sync = peer.sync;
    const HeaderNode& best = *sync.best_known;
    if (sync.last_common == nullptr) {
        const Height tip_height = table_.index().tip().height;
        sync.last_common = table_.index().at_height(std::min(best.height, tip_height));
    }
    sync.last_common = fork_point(sync.last_common, &best);
    const HeaderNode& tip = table_.index().tip();
    // Pruned blocks are only worth their bytes if the branch then wins: one with as much score
    // could be pruned and fetched over and over.
    const bool wins = best.score && tip.score && *best.score > *tip.score;
    const bool again = wins && table_.index().pruned();
    // Blocks that were here when the walk passed them may be pruned now.
    if (again) sync.last_common = fork_point(sync.last_common, &tip);
    const int32_t end = std::min(best.height.value(), sync.last_common->height.value() + kWindow);
    const bool limited = is_limited(peer.handshake.theirs.services);
    bool all_here = true;
    std::vector<const HeaderNode*> step;
    for (int32_t height = sync.last_common->height.value(); height < end;) {
        const int32_t count = std::min(kWalkStep, end - height);
        step.resize(static_cast<size_t>(count));
        const HeaderNode* node = best.ancestor(Height{height + count});
        for (size_t i = step.size(); i-- > 0; node = node->parent) step[i] = node;
        table_.work(step.size());
        for (const HeaderNode* candidate : step) {
            if (candidate->is_invalid()) return result;
            if (!wanted(*candidate) && !(again && wanted_again(*candidate))) {
                if (all_here) sync.last_common = candidate;
                continue;
            }
            all_here = false;
            if (in_flight_.contains(candidate->hash)) continue;
            if (limited && best.height - candidate->height >= kLimitedDepth) continue;
            result.push_back(candidate);
            if (result.size() == count_max) return result;
        }
        height += count;
    }
    return result;
}

// The next missing ones on the way from the last validated block to the base of a UTXO snapshot.
std::vector<const HeaderNode*> BlockDownload::next_below_snapshot(const Peer& peer,
                                                                  size_t count_max) const {
    std::vector<const HeaderNode*> result;
    const HeaderNode* base = table_.index().snapshot_base();
    const HeaderNode* best = peer.sync.best_known;
    if (base == nullptr || best == nullptr || best->height < base->height ||
        best->ancestor(base->height) != base || is_limited(peer.handshake.theirs.services))
        return result;
    const Height first = table_.index().validated().height + 1;
    const Height last = std::min(base->height, first + (kWindow - 1));
    std::vector<const HeaderNode*> window;
    const HeaderNode* node = first <= last ? base->ancestor(last) : nullptr;
    for (; node != nullptr && node->height >= first; node = node->parent) {
        if (wanted(*node) && !in_flight_.contains(node->hash)) window.push_back(node);
    }
    table_.work(static_cast<size_t>(std::max(last - first + 1, 0)));
    while (!window.empty() && result.size() < count_max) {
        result.push_back(window.back());
        window.pop_back();
    }
    return result;
}

void BlockDownload::request_blocks(Peer& peer) {
    PeerSync& sync = peer.sync;
    const size_t limit = table_.options().blocks_in_flight_per_peer;
    if (!peer.ready() || sync.in_flight.size() >= limit || sync.resting_until > table_.now())
        return;
    std::vector<const HeaderNode*> blocks;
    if (offers_more(peer)) blocks = next_blocks(peer, limit - sync.in_flight.size());
    // The tip comes first: blocks below a snapshot wait until nothing above is missing.
    if (blocks.empty() && peer.handshake.has_blocks())
        blocks = next_below_snapshot(peer, limit - sync.in_flight.size());
    if (!blocks.empty()) send_request(peer, blocks);
}

void BlockDownload::request_announced(Peer& peer, const HeaderNode& last) {
    const HeaderNode& tip = table_.index().tip();
    const size_t limit = table_.options().blocks_in_flight_per_peer;
    if (!peer.ready() || !peer.handshake.has_blocks() || table_.options().sealed_blocks ||
        peer.sync.resting_until > table_.now() || !last.score || *last.score < *tip.score ||
        *last.score < table_.options().minimum_score)
        return;
    std::vector<const HeaderNode*> missing;
    size_t looked_at = 0;
    for (const HeaderNode* node = &last; !table_.index().contains(*node); node = node->parent) {
        if (node->is_invalid() || ++looked_at > limit) return;
        if (wanted(*node) && !in_flight_.contains(node->hash)) missing.push_back(node);
    }
    table_.work(looked_at);
    if (missing.empty() || peer.sync.in_flight.size() + missing.size() > limit) return;
    std::ranges::reverse(missing);
    send_request(peer, missing);
}

std::string BlockDownload::fetch(Peer& peer, const HeaderNode& node) {
    if (!peer.ready()) return "Peer does not exist";
    if (!peer.handshake.has_witnesses()) return "Pre-SegWit peer";
    if (const auto found = in_flight_.find(node.hash); found != in_flight_.end()) {
        if (found->second == peer.id) return "Already requested from this peer";
        if (Peer* asked = table_.find(found->second)) std::erase(asked->sync.in_flight, &node);
        in_flight_.erase(found);
    }
    send_request(peer, {&node});
    return {};
}

void BlockDownload::send_request(Peer& peer, const std::vector<const HeaderNode*>& blocks) {
    PeerSync& sync = peer.sync;
    // A peer without witnesses can only send the legacy form; if the block has a witness
    // commitment, the chain will reject that.
    const InvType type = peer.handshake.has_witnesses() ? InvType::witness_block : InvType::block;
    if (sync.in_flight.empty()) {
        sync.block_deadline = table_.now() + patience(peer, table_.options().block_timeout);
        sync.bytes_at_deadline_start = peer.bytes_received;
        sync.deadline_extensions = 0;
    }
    message::GetData request;
    for (const HeaderNode* node : blocks) {
        request.entries.push_back(message::InvEntry::of(type, node->hash));
        in_flight_.emplace(node->hash, peer.id);
        sync.in_flight.push_back(node);
    }
    table_.send(peer, request);
}

void BlockDownload::request_from_all() {
    table_.work(table_.peers().size());
    for (auto& [id, peer] : table_.peers()) request_blocks(peer);
}

bool BlockDownload::on_block(Peer& peer, const BlockHash& hash) {
    const auto found = in_flight_.find(hash);
    if (found == in_flight_.end()) return false;
    Peer* asked = table_.find(found->second);
    in_flight_.erase(found);
    if (asked != nullptr)
        std::erase_if(asked->sync.in_flight, [&](const auto* node) { return node->hash == hash; });
    if (asked == &peer) {
        peer.sync.timeouts = 0;
        peer.sync.block_deadline = table_.now() + patience(peer, table_.options().block_timeout);
        peer.sync.bytes_at_deadline_start = peer.bytes_received;
        peer.sync.deadline_extensions = 0;
    }
    return true;
}

void BlockDownload::on_not_found(Peer& peer, const BlockHash& hash) {
    const auto found = in_flight_.find(hash);
    if (found == in_flight_.end() || found->second != peer.id) return;
    time_out(peer);
}

void BlockDownload::release(Peer& peer) {
    for (const HeaderNode* node : peer.sync.in_flight) in_flight_.erase(node->hash);
    peer.sync.in_flight.clear();
}

void BlockDownload::time_out(Peer& peer) {
    release(peer);
    peer.sync.resting_until = table_.now() + table_.options().block_timeout;
    if (++peer.sync.timeouts >= kTimeoutsMax)
        table_.disconnect(peer, "it stalls the block download");
}

void BlockDownload::on_timer() {
    // A large block on a slow link is progress, within limits: this many bytes extend the deadline.
    constexpr uint64_t kProgressBytes = 50'000;
    constexpr int kExtensionsMax = 10;
    bool freed = false;
    for (auto& [id, peer] : table_.peers()) {
        PeerSync& sync = peer.sync;
        if (sync.resting_until != TimePoint{} && sync.resting_until <= table_.now()) {
            sync.resting_until = TimePoint{};
            freed = true;
        }
        if (peer.closing || sync.in_flight.empty() || sync.block_deadline > table_.now()) continue;
        const uint64_t progress = peer.bytes_received - sync.bytes_at_deadline_start;
        if (progress >= kProgressBytes && sync.deadline_extensions < kExtensionsMax) {
            ++sync.deadline_extensions;
            sync.bytes_at_deadline_start = peer.bytes_received;
            sync.block_deadline = table_.now() + patience(peer, table_.options().block_timeout);
            continue;
        }
        table_.log().debug(LogCategory::net, "timeout downloading block {} from peer={}",
                           sync.in_flight.front()->hash.to_string(), id.value());
        time_out(peer);
        freed = true;
    }
    if (freed) request_from_all();
}

std::optional<TimePoint> BlockDownload::deadline() const {
    std::optional<TimePoint> result;
    const auto consider = [&](TimePoint time) {
        if (!result || time < *result) result = time;
    };
    for (const auto& [id, peer] : table_.peers()) {
        if (peer.closing) continue;
        if (!peer.sync.in_flight.empty()) consider(peer.sync.block_deadline);
        if (peer.sync.resting_until != TimePoint{}) consider(peer.sync.resting_until);
    }
    return result;
}

}  // namespace parley
