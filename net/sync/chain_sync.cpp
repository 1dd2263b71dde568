#include "net/sync/chain_sync.h"

#include <algorithm>

#include "chain/rules/retarget.h"
#include "chain/state/index/block_index.h"
#include "net/sync/patience.h"
#include "net/sync/peer_headers.h"

namespace parley {

namespace {

/// Unsolicited blocks are accepted this far above the tip (bitcoind's MIN_BLOCKS_TO_KEEP).
constexpr int32_t kUnsolicitedDistanceMax = 288;
/// Number of blocks whose sender is remembered until they connect.
constexpr size_t kSourcesMax = 2048;

/// The seal that the peer sent ahead, if it is for this block; empty otherwise.
Bytes take_seal(Peer& peer, const BlockHash& block) {
    message::Seal seal = std::exchange(peer.sync.pending_seal, {});
    return seal.block == block ? std::move(seal.seal) : Bytes{};
}

}  // namespace

void ChainSync::on_ready(Peer& peer) {
    // The first anti-entropy probe comes after a random part of the interval, so that the probes of
    // different peers are spread.
    const Duration interval = table_.options().anti_entropy_interval;
    const auto part = table_.random().uniform(static_cast<uint64_t>(interval.count()) + 1);
    peer.sync.next_probe = table_.now() + interval / 2 + Duration{static_cast<int64_t>(part / 2)};
    ask_from_best(peer);
}

void ChainSync::on_gone(Peer& peer) {
    download_.release(peer);
    orphans_.peer_gone(peer.id);
    gate_.peer_gone(peer.id);
    stop_continuing(peer);
    peer.sync.headers_deadline.reset();
    work_pending_ = true;
}

void ChainSync::tip_changed() {
    work_pending_ = true;
    rivals_left_ = kRivalsMax;
    gate_.tip_changed();
}

void ChainSync::send_getheaders(Peer& peer, const HeaderNode& from,
                                const std::optional<BlockHash>& behind) {
    if (peer.sync.headers_deadline || !may_bring_headers(peer)) return;
    message::GetHeaders request;
    request.hashes = BlockIndex::locator(from);
    if (behind) request.hashes.insert(request.hashes.begin(), *behind);
    peer.sync.headers_deadline = table_.now() + patience(peer, table_.options().headers_timeout);
    table_.send(peer, request);
}

void ChainSync::ask_from_best(Peer& peer) {
    const HeaderNode& best = highest_header();
    send_getheaders(peer, best.parent != nullptr ? *best.parent : best);
}

const HeaderNode& ChainSync::highest_header() const {
    const HeaderNode& best = table_.index().best_header();
    const bool higher = certified_ != nullptr && certified_->height > best.height;
    return higher && !certified_->is_invalid() ? *certified_ : best;
}

void ChainSync::request_headers(Peer& peer) {
    if (!peer.ready()) return;
    peer.sync.headers_deadline.reset();
    ask_from_best(peer);
}

void ChainSync::probe(Peer& peer) {
    peer.sync.next_probe = table_.now() + table_.options().anti_entropy_interval;
    peer.sync.announcement_pending = true;  // reconsidered by BlockAnnouncer
    peer.sync.announced_tip = BlockHash{};
    ask_from_best(peer);
}

bool ChainSync::may_bring_headers(const Peer& peer) const {
    return !table_.options().sealed_blocks || peer.handshake.speaks_parley();
}

bool ChainSync::check_sequence(Peer& peer, const std::vector<BlockHeader>& headers) {
    std::optional<BlockHash> previous;
    for (const BlockHeader& header : headers) {
        const BlockHash hash = header.hash();
        if (previous && header.previous != *previous) {
            table_.punish(peer, "non-continuous headers sequence");
            return false;
        }
        // The chain checks the limit and the context; here it matters that the claimed work was
        // done.
        if (!table_.options().sealed_blocks &&
            !proof_of_work_met(hash, header.bits, U256::max() >> 1)) {
            table_.punish(peer, "high-hash, proof of work failed");
            return false;
        }
        previous = hash;
    }
    return true;
}

void ChainSync::on_headers(Peer& peer, ByteSpan payload) {
    auto message = table_.decode_or_drop<message::Headers>(peer, payload);
    if (!message) return;
    auto& headers = message->headers;
    Bytes seal = take_seal(peer, headers.empty() ? BlockHash{} : headers.back().hash());
    if (table_.options().sealed_blocks && !headers.empty() && !admit_sealed(peer, headers, seal))
        return;
    peer.sync.headers_deadline.reset();
    peer.sync.answers_headers = true;
    if (headers.size() < kHeadersMax) {
        peer.sync.more_headers = false;
        stop_continuing(peer);
    }
    if (headers.empty() || !check_sequence(peer, headers)) return;
    submit_headers(peer, std::move(headers), std::move(seal));
}

bool ChainSync::admit_sealed(Peer& peer, const std::vector<BlockHeader>& headers,
                             const Bytes& seal) {
    const BlockHash last = headers.back().hash();
    if (!seal.empty() || table_.index().find(last) != nullptr) return true;
    if (headers.size() > 1) {
        table_.punish(peer, "headers without a seal");
    } else {
        on_announced(peer, {last});
    }
    return false;
}

void ChainSync::submit_headers(Peer& peer, std::vector<BlockHeader> headers, Bytes seal) {
    const BlockHash last = headers.back().hash();
    HeaderGate::Passage passage = gate_.admit(peer, std::move(headers));
    if (passage.unconnected) on_unconnecting(peer, last);
    if (passage.ask_behind) send_getheaders(peer, *passage.from, passage.ask_behind);
    if (passage.headers.empty() || peer.closing) return;
    table_.ask(net_output::SubmitHeaders{peer.id, std::move(passage.headers), std::move(seal)});
}

void ChainSync::on_headers_judged(const net_input::HeadersJudged& judged) {
    Peer* peer = table_.find(judged.ask.from);
    if (peer == nullptr || peer->closing) return;
    const HeadersResult& result = judged.result;
    if (result.last != nullptr) note_has(*peer, *result.last);
    if (result.last != nullptr && !result.last->seal.empty() &&
        result.last->height > highest_header().height)
        certified_ = result.last;
    if (!table_.options().sealed_blocks) gate_.stored(*peer, result);
    if (peer->closing) return;
    if (result.error) {
        punish_for(*peer, *result.error);
        return;
    }
    resolve_unknown(*peer);
    const auto& headers = judged.ask.headers;
    if (!orphans_.empty()) {
        for (const BlockHeader& header : headers) adopt(header.hash());
        submit_next();
    }
    if (headers.size() == kHeadersMax)
        continue_headers(*peer, result);
    else if (result.last != nullptr && !table_.initial_download())
        announced_.emplace_back(peer->id, result.last);
    work_pending_ = true;
}

void ChainSync::on_unconnecting(Peer& peer, const BlockHash& last) {
    table_.log().debug(LogCategory::net, "received headers that do not connect, peer={}",
                       peer.id.value());
    peer.sync.unknown_block = last;
    ask_from_best(peer);
}

void ChainSync::continue_headers(Peer& peer, const HeadersResult& result) {
    peer.sync.more_headers = true;
    if (!may_bring_headers(peer) || result.last == nullptr) return;
    // A long chain of headers is downloaded from one peer; another with known headers only waits.
    if (result.added == 0 && leader_ && *leader_ != peer.id) return;
    leader_ = peer.id;
    send_getheaders(peer, *result.last);
}

void ChainSync::stop_continuing(const Peer& peer) {
    if (leader_ != peer.id) return;
    leader_.reset();
    work_pending_ = true;
}

void ChainSync::resolve_unknown(Peer& peer) {
    if (peer.sync.unknown_block.is_zero()) return;
    const HeaderNode* node = table_.index().find(peer.sync.unknown_block);
    if (node == nullptr) return;
    note_has(peer, *node);
    peer.sync.unknown_block = BlockHash{};
}

void ChainSync::on_announced(Peer& peer, const std::vector<BlockHash>& hashes) {
    for (const BlockHash& hash : hashes) {
        if (const HeaderNode* node = table_.index().find(hash)) {
            note_has(peer, *node);
        } else {
            peer.sync.unknown_block = hash;
        }
    }
    work_pending_ = true;
    if (peer.sync.unknown_block.is_zero() || hashes.empty()) return;
    if (fetch_announced(peer, peer.sync.unknown_block)) return;
    ask_about_unknown(peer);
    // Simple clients announce and serve blocks, but do not support headers.
    if (!peer.sync.answers_headers && !table_.initial_download())
        fetch_block(peer, peer.sync.unknown_block);
}

void ChainSync::on_seal(Peer& peer, ByteSpan payload) {
    auto seal = table_.decode_or_drop<message::Seal>(peer, payload);
    if (seal) peer.sync.pending_seal = std::move(*seal);
}

void ChainSync::on_not_found(Peer& peer, const BlockHash& hash) {
    download_.on_not_found(peer, hash);
    work_pending_ = true;
}

bool ChainSync::takes_unsolicited(const BlockHeader& header) {
    const HeaderNode* parent = table_.index().find(header.previous);
    if (parent == nullptr) return true;  // an orphan block
    const HeaderNode& tip = table_.index().tip();
    if (parent->height.value() + 1 > tip.height.value() + kUnsolicitedDistanceMax) return false;
    if (table_.options().sealed_blocks) return parent->height >= tip.height;
    const Score score =
        *parent->score + work_from_compact(header.bits) * (1 + orphans_.depth_below(header.hash()));
    if (score < table_.options().minimum_score) return false;
    if (score > *tip.score) return true;
    if (score + work_from_compact(tip.header.bits) * kRivalLagMax < *tip.score) return false;
    if (rivals_left_ == 0) return false;
    --rivals_left_;
    return true;
}

bool ChainSync::lacks_seal(const BlockHash& hash, const Bytes& seal) const {
    if (!table_.options().sealed_blocks || !seal.empty()) return false;
    const HeaderNode* node = table_.index().find(hash);
    return node == nullptr || (!node->score && node->seal.empty());
}

void ChainSync::on_block(Peer& peer, ByteSpan payload) {
    const auto block = decode_block(payload);
    if (!block) {
        table_.refuse(peer, message::kBlockCommand, block.error(), payload);
        return;
    }
    const BlockHash hash = (*block)->header.hash();
    Bytes seal = take_seal(peer, hash);
    const bool asked = download_.on_block(peer, hash);
    work_pending_ = true;
    if (lacks_seal(hash, seal)) {
        table_.drop_message(peer, "block without its seal");
        return;
    }
    const HeaderNode* known = table_.index().find(hash);
    const bool invalid = known != nullptr && known->is_invalid();  // the chain says why
    if (!asked && !invalid && !takes_unsolicited((*block)->header)) {
        // Its header may still lead to a better branch.
        std::vector<BlockHeader> header{(*block)->header};
        if (check_sequence(peer, header)) submit_headers(peer, std::move(header), std::move(seal));
        return;
    }
    to_submit_.push_back({*block, std::move(seal), peer.id, asked});
    submit_next();
}

void ChainSync::submit_next() {
    if (submitting_ || to_submit_.empty()) return;
    OrphanBlocks::Orphan next = std::move(to_submit_.front());
    to_submit_.pop_front();
    remember_source(next.block->header.hash(), next.from);
    submitting_ = true;
    table_.ask(net_output::SubmitBlock{next.from, std::move(next.block), std::move(next.seal),
                                       next.asked});
}

void ChainSync::on_block_judged(net_input::BlockJudged judged) {
    submitting_ = false;
    auto& [ask, result] = judged;
    if (result.state == BlockResult::State::missing_parent) {
        keep_orphan({std::move(ask.block), std::move(ask.seal), ask.from});
    } else {
        if (result.node != nullptr) adopt(ask.block->header.hash());
        if (Peer* peer = table_.find(ask.from)) judge(*peer, result);
    }
    submit_next();
}

void ChainSync::adopt(const BlockHash& parent) {
    if (orphans_.empty()) return;
    for (OrphanBlocks::Orphan& child : orphans_.take_children(parent)) {
        if (takes_unsolicited(child.block->header)) to_submit_.push_back(std::move(child));
    }
}

void ChainSync::keep_orphan(OrphanBlocks::Orphan block) {
    const BlockHash hash = block.block->header.hash();
    const BlockHash previous = block.block->header.previous;
    Peer* peer = table_.find(block.from);
    // Blocks that wait count for their parents (takes_unsolicited), so their work must be real.
    if (peer == nullptr || !check_sequence(*peer, {block.block->header})) return;
    if (!orphans_.add(hash, std::move(block))) return;
    peer->sync.unknown_block = hash;
    ask_about_unknown(*peer);
    // Walks backwards, one block per arriving child; bounded by OrphanBlocks.
    if (!peer->sync.answers_headers) fetch_block(*peer, previous);
}

void ChainSync::judge(Peer& peer, const BlockResult& result) {
    if (result.node != nullptr && !result.node->is_invalid()) note_has(peer, *result.node);
    // Without its seal a block is still wanted: BlockDownload requests both again.
    if (result.state == BlockResult::State::accepted && result.node->score) {
        peer.sync.last_block = table_.now();
        resolve_unknown(peer);
    }
    if (result.state != BlockResult::State::invalid) return;
    punish_for(peer, *result.error);
    // If only the body was wrong, the block is still wanted, but not at once from one that may
    // stay.
    if (!peer.closing && result.node != nullptr && !result.node->is_invalid())
        peer.sync.resting_until = table_.now() + table_.options().block_timeout;
}

void ChainSync::punish_for(Peer& peer, const BlockError& error) {
    switch (error.kind) {
        case BlockErrorKind::mutated:
        case BlockErrorKind::invalid_header:
        case BlockErrorKind::invalid_block:
        case BlockErrorKind::conflicts_with_final:
            table_.punish(peer, error.to_string());
            break;
        case BlockErrorKind::cached_invalid:
        case BlockErrorKind::invalid_parent:
            // Often caused by our user's own invalidateblock. It just loses an automatic outbound
            // slot.
            if (peer.type == ConnectionType::outbound_full_relay ||
                peer.type == ConnectionType::block_relay_only)
                table_.punish(peer, error.to_string());
            break;
        case BlockErrorKind::missing_parent:
        case BlockErrorKind::unknown_block:
        case BlockErrorKind::time_future:
            break;
    }
}

bool ChainSync::fetch_announced(Peer& peer, const BlockHash& hash) {
    if (table_.options().block_relay != BlockRelay::inv || table_.initial_download()) return false;
    std::erase_if(fetched_, [&](const auto& each) { return each.second <= table_.now(); });
    if (fetched_.contains(hash)) return true;
    if (fetched_.size() >= kFetchedMax) return false;
    fetched_.emplace(hash, table_.now() + patience(peer, table_.options().block_timeout));
    fetch_block(peer, hash);
    return true;
}

void ChainSync::fetch_block(Peer& peer, const BlockHash& hash) {
    message::GetData request;
    request.entries.push_back(message::InvEntry::of(
        peer.handshake.has_witnesses() ? InvType::witness_block : InvType::block, hash));
    table_.send(peer, request);
}

void ChainSync::ask_about_unknown(Peer& peer) {
    // Our first request may have come before the peer had anything to reply with. Repeat it a few
    // times, without waiting for the old reply, if the peer never replied.
    constexpr int kRepetitionsMax = 3;
    if (!peer.sync.answers_headers && peer.sync.repeated_questions < kRepetitionsMax) {
        ++peer.sync.repeated_questions;
        peer.sync.headers_deadline.reset();
    }
    ask_from_best(peer);
}

void ChainSync::remember_source(const BlockHash& hash, PeerId peer) {
    if (!sources_.emplace(hash, peer).second) return;
    source_order_.push_back(hash);
    if (source_order_.size() <= kSourcesMax) return;
    sources_.erase(source_order_.front());
    source_order_.pop_front();
}

void ChainSync::block_rejected(const BlockHash& hash, const std::string& reason) {
    const auto found = sources_.find(hash);
    if (found == sources_.end()) return;
    if (Peer* peer = table_.find(found->second)) table_.punish(*peer, reason);
}

void ChainSync::finish_step() {
    if (!std::exchange(work_pending_, false)) return;
    for (auto& [id, peer] : table_.peers()) {
        if (peer.closing && !peer.sync.in_flight.empty()) download_.release(peer);
    }
    if (leader_) {
        const Peer* leader = table_.find(*leader_);
        if (leader == nullptr || leader->closing) leader_.reset();
    }
    for (auto& [id, peer] : table_.peers()) {
        if (!peer.ready() || !peer.sync.more_headers || peer.sync.headers_deadline ||
            !may_bring_headers(peer) || (leader_ && *leader_ != id))
            continue;
        leader_ = id;
        send_getheaders(peer, highest_header());
    }
    for (const auto& [id, last] : std::exchange(announced_, {})) {
        if (Peer* peer = table_.find(id)) download_.request_announced(*peer, *last);
    }
    download_.request_from_all();
}

void ChainSync::on_timer() {
    for (auto& [id, peer] : table_.peers()) {
        if (!peer.ready()) continue;
        if (peer.sync.headers_deadline && *peer.sync.headers_deadline <= table_.now()) {
            peer.sync.headers_deadline.reset();
            peer.sync.more_headers = false;  // anti-entropy asks again
            stop_continuing(peer);
        }
        if (peer.sync.next_probe <= table_.now()) probe(peer);
    }
    download_.on_timer();
}

std::optional<TimePoint> ChainSync::deadline() const {
    std::optional<TimePoint> result = download_.deadline();
    for (const auto& [id, peer] : table_.peers()) {
        if (!peer.ready()) continue;
        if (!result || peer.sync.next_probe < *result) result = peer.sync.next_probe;
        if (peer.sync.headers_deadline && *peer.sync.headers_deadline < *result)
            result = peer.sync.headers_deadline;
    }
    return result;
}

}  // namespace parley
