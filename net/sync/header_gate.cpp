#include "net/sync/header_gate.h"

#include <algorithm>
#include <utility>

#include "chain/rules/retarget.h"

namespace parley {

HeaderGate::HeaderGate(PeerTable& table)
    : table_(table), key0_(table.random().next()), key1_(table.random().next()) {}

std::optional<Score> HeaderGate::claimed(const Score& score,
                                         const std::vector<BlockHeader>& headers) const {
    if (table_.options().sealed_blocks) return std::nullopt;
    Score sum = score;
    for (const BlockHeader& header : headers) {
        sum += work_from_compact(header.bits);
    }
    return sum;
}

Score HeaderGate::needed() const {
    const HeaderNode& tip = table_.index().tip();
    const Score& minimum = table_.options().minimum_score;
    if (weak_left_ == 0) return std::max(minimum, *tip.score + Score{1});
    const Score near = work_from_compact(tip.header.bits) * kNearBlocks;
    return std::max(minimum, *tip.score > near ? *tip.score - near : Score{0});
}

HeaderGate::Passage HeaderGate::admit(Peer& peer, std::vector<BlockHeader> headers) {
    const auto running = presyncs_.find(peer.id);
    if (running != presyncs_.end() && running->second.expects(headers.front().previous))
        return go_on(peer, running, std::move(headers));
    const HeaderNode* parent = table_.index().find(headers.front().previous);
    Passage passage;
    passage.unconnected = parent == nullptr;
    if (parent == nullptr) return passage;
    const bool known = table_.index().find(headers.back().hash()) != nullptr;
    const auto score = parent->score ? claimed(*parent->score, headers) : std::nullopt;
    if (known || !score || *score >= needed()) {
        passage.headers = std::move(headers);
        return passage;
    }
    if (running != presyncs_.end()) give_up(peer, running);
    if (headers.size() < kHeadersMax) {
        table_.log().debug(LogCategory::net, "ignoring low-work chain of {} headers from peer={}",
                           headers.size(), peer.id.value());
        charge(peer, headers.size());
        return {};
    }
    if (peer.closing) return {};
    const auto presync = presyncs_.emplace(peer.id, HeaderPresync(*parent, key0_, key1_)).first;
    return measure(peer, presync->second, headers);
}

HeaderGate::Passage HeaderGate::measure(Peer& peer, HeaderPresync& presync,
                                        const std::vector<BlockHeader>& headers) {
    presync.measure(headers, *claimed(presync.claimed(), headers));
    if (presync.claimed() >= needed()) {
        presync.begin_download();
    } else if (headers.size() < kHeadersMax || presync.measured() > HeaderPresync::kMeasuredMax) {
        give_up(peer, presyncs_.find(peer.id));
        return {};
    }
    Passage passage;
    passage.ask_behind = presync.last();
    passage.from = &presync.start();
    return passage;
}

HeaderGate::Passage HeaderGate::go_on(Peer& peer, Presyncs::iterator presync,
                                      std::vector<BlockHeader> headers) {
    HeaderPresync& state = presync->second;
    if (!state.downloading()) return measure(peer, state, headers);
    const bool more = headers.size() == kHeadersMax;
    auto released = state.download(std::move(headers));
    if (!released) {
        table_.punish(peer, "it sent another chain of headers than it announced");
        presyncs_.erase(presync);
        return {};
    }
    Passage passage;
    passage.headers = std::move(*released);
    if (state.complete()) {
        presyncs_.erase(presync);
    } else if (!more) {
        give_up(peer, presync);
    } else if (passage.headers.empty()) {
        passage.ask_behind = state.last();
        passage.from = &state.start();
    }
    return passage;
}

void HeaderGate::give_up(Peer& peer, Presyncs::iterator presync) {
    table_.log().debug(LogCategory::net, "gave up a low-work chain of {} headers from peer={}",
                       presync->second.measured(), peer.id.value());
    charge(peer, static_cast<size_t>(presync->second.measured()));
    presyncs_.erase(presync);
}

void HeaderGate::charge(Peer& peer, size_t headers) {
    peer.sync.weak_headers += headers;
    if (peer.sync.weak_headers > kWeakHeadersPerPeerMax)
        table_.punish(peer, "too many headers on branches worse than ours");
}

void HeaderGate::stored(Peer& peer, const HeadersResult& result) {
    const HeaderNode& tip = table_.index().tip();
    if (result.last == nullptr || !result.last->score || presyncs_.contains(peer.id)) return;
    if (*result.last->score > *tip.score) {
        peer.sync.weak_headers = 0;
        return;
    }
    weak_left_ -= std::min(weak_left_, result.added);
    charge(peer, result.added);
}

void HeaderGate::tip_changed() {
    weak_left_ = std::min(kWeakHeadersMax, weak_left_ + kWeakHeadersPerTip);
}

}  // namespace parley
