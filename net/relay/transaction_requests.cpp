#include "net/relay/transaction_requests.h"

#include <algorithm>
#include <utility>

namespace parley {

void TransactionRequests::schedule(Items::iterator item, std::optional<TimePoint> due) {
    Item& state = item->second;
    if (state.due) schedule_.erase({*state.due, state.sequence, item->first});
    state.due = due;
    if (due) schedule_.insert({*due, state.sequence, item->first});
}

void TransactionRequests::schedule_next_announcer(Items::iterator item) {
    const auto& waiting = item->second.waiting;
    if (waiting.empty()) {
        erase(item);
        return;
    }
    const auto earliest =
        std::min_element(waiting.begin(), waiting.end(),
                         [](const auto& a, const auto& b) { return a.ready < b.ready; });
    schedule(item, earliest->ready);
}

void TransactionRequests::announced(PeerId peer, const GenTxid& id, TimePoint ready) {
    PeerState& state = peers_[peer];
    if (state.announced.size() >= kAnnouncementsMax || !state.announced.insert(id).second) return;
    const auto [item, added] = items_.try_emplace(id);
    if (added) item->second.sequence = next_sequence_++;
    item->second.waiting.push_back({peer, ready});
    if (!item->second.requested) schedule_next_announcer(item);
}

void TransactionRequests::drop_announcer(Items::iterator item, PeerId peer) {
    std::erase_if(item->second.waiting, [&](const Announcer& a) { return a.peer == peer; });
    const auto state = peers_.find(peer);
    if (state != peers_.end()) state->second.announced.erase(item->first);
}

void TransactionRequests::end_request(Items::iterator item) {
    const auto peer = std::exchange(item->second.requested, std::nullopt);
    if (!peer) return;
    PeerState& state = peers_[*peer];
    --state.requested;
    state.announced.erase(item->first);
}

void TransactionRequests::erase(Items::iterator item) {
    schedule(item, std::nullopt);
    items_.erase(item);
}

void TransactionRequests::forget(const GenTxid& id) {
    const auto item = items_.find(id);
    if (item == items_.end()) return;
    end_request(item);
    while (!item->second.waiting.empty()) drop_announcer(item, item->second.waiting.back().peer);
    erase(item);
}

void TransactionRequests::not_found(PeerId peer, const GenTxid& id) {
    const auto item = items_.find(id);
    if (item == items_.end() || item->second.requested != peer) return;
    end_request(item);
    schedule_next_announcer(item);
}

void TransactionRequests::peer_gone(PeerId peer) {
    const auto state = peers_.find(peer);
    if (state == peers_.end()) return;
    for (const GenTxid& id : std::exchange(state->second.announced, {})) {
        const auto item = items_.find(id);
        if (item == items_.end()) continue;
        if (item->second.requested == peer) end_request(item);
        drop_announcer(item, peer);
        if (!item->second.requested) schedule_next_announcer(item);
    }
    peers_.erase(peer);
}

std::map<PeerId, std::vector<GenTxid>> TransactionRequests::poll(TimePoint now) {
    std::vector<std::pair<uint64_t, GenTxid>> due;
    while (!schedule_.empty() && std::get<0>(*schedule_.begin()) <= now) {
        const auto [time, sequence, id] = *schedule_.begin();
        const auto item = items_.find(id);
        schedule(item, std::nullopt);
        if (item->second.requested) end_request(item);  // its time is over
        due.emplace_back(sequence, id);
    }
    std::sort(due.begin(), due.end());
    std::map<PeerId, std::vector<GenTxid>> result;
    for (const auto& [sequence, id] : due) {
        const auto item = items_.find(id);
        auto& waiting = item->second.waiting;
        const auto chosen = std::find_if(waiting.begin(), waiting.end(), [&](const auto& a) {
            return a.ready <= now && peers_[a.peer].requested < kRequestsMax;
        });
        if (chosen == waiting.end()) {
            // All candidates are busy: check again when their replies are due.
            if (waiting.empty()) {
                erase(item);
            } else {
                schedule(item, now + kBusyDelay);
            }
            continue;
        }
        const PeerId peer = chosen->peer;
        waiting.erase(chosen);
        item->second.requested = peer;
        ++peers_[peer].requested;
        result[peer].push_back(id);
        schedule(item, now + timeout_);
    }
    return result;
}

std::optional<TimePoint> TransactionRequests::deadline() const {
    if (schedule_.empty()) return std::nullopt;
    return std::get<0>(*schedule_.begin());
}

}  // namespace parley
