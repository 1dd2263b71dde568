#include "net/relay/transaction_requests.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/crypto/hash.h"

namespace parley {

namespace {

/// The rank of peers that are not preferred has this bit: they come after all preferred ones.
constexpr uint64_t kNotPreferred = uint64_t{1} << 63;

}  // namespace

void TransactionRequests::change(Position position, State state, TimePoint time) {
    PeerCounts& counts = peers_[position->peer];
    if (position->state == State::requested) --counts.requested;
    if (state == State::requested) ++counts.requested;
    ++changes_;
    announcements_.modify(position, [&](Announcement& announcement) {
        announcement.state = state;
        announcement.time = time;
    });
}

void TransactionRequests::erase(Position position) {
    const auto counts = peers_.find(position->peer);
    if (position->state == State::requested) --counts->second.requested;
    if (--counts->second.announced == 0) peers_.erase(counts);
    ++changes_;
    announcements_.erase(position);
}

void TransactionRequests::announced(PeerId peer, const GenTxid& id, bool preferred,
                                    TimePoint ready) {
    const auto known = peers_.find(peer);
    const size_t held = known == peers_.end() ? 0 : known->second.announced;
    if (held >= kAnnouncementsMax) return;
    const size_t share = kAnnouncementsTotalMax / std::max<size_t>(peers_.size(), 1);
    if (announcements_.size() >= kAnnouncementsTotalMax && held >= share) return;
    const uint64_t choice = siphash24(key0_ ^ peer.value(), key1_, id.hash.span());
    Announcement announcement;
    announcement.peer = peer;
    announcement.hash = id.hash;
    announcement.kind = id.kind;
    announcement.rank = (choice & ~kNotPreferred) | (preferred ? 0 : kNotPreferred);
    announcement.sequence = next_sequence_;
    announcement.time = ready;
    if (!announcements_.insert(announcement).second) return;
    ++next_sequence_;
    ++changes_;
    ++peers_[peer].announced;
}

void TransactionRequests::forget(const Hash256& hash) {
    auto& by_hash = announcements_.get<ByHash>();
    for (auto each = by_hash.lower_bound(hash); each != by_hash.end() && each->hash == hash;) {
        const auto next = std::next(each);
        erase(announcements_.project<ByPeer>(each));
        each = next;
    }
}

void TransactionRequests::failed(PeerId peer, const Hash256& hash) {
    const auto found = announcements_.get<ByPeer>().find(std::make_tuple(peer, hash));
    if (found == announcements_.end() || found->state == State::failed) return;
    change(found, State::failed, kNever);
    unsettled_.push_back(hash);
}

void TransactionRequests::peer_gone(PeerId peer) {
    auto& by_peer = announcements_.get<ByPeer>();
    for (auto each = by_peer.lower_bound(peer); each != by_peer.end() && each->peer == peer;) {
        const auto next = std::next(each);
        unsettled_.push_back(each->hash);
        erase(each);
        each = next;
    }
}

std::optional<TransactionRequests::Position> TransactionRequests::settle(const Hash256& hash,
                                                                         TimePoint now) {
    auto& by_hash = announcements_.get<ByHash>();
    // The order of the states: requested, ready, delayed, failed.
    const auto first = by_hash.lower_bound(hash);
    if (first == by_hash.end() || first->hash != hash) return std::nullopt;
    if (first->state == State::failed) {
        forget(hash);
        return std::nullopt;
    }
    if (first->state != State::ready) return std::nullopt;
    const Position best = announcements_.project<ByPeer>(first);
    change(best, State::requested, now + timeout_);
    return best;
}

std::map<PeerId, std::vector<GenTxid>> TransactionRequests::poll(TimePoint now) {
    auto& by_time = announcements_.get<ByTime>();
    size_t work = 0;
    for (; work < kChangesPerPoll && !by_time.empty() && by_time.begin()->time <= now; ++work) {
        const Position due = announcements_.project<ByPeer>(by_time.begin());
        unsettled_.push_back(due->hash);
        change(due, due->state == State::requested ? State::failed : State::ready, kNever);
    }
    // Only once all that are due are ready: the best of them is requested, not the first.
    std::vector<Position> requests;
    for (; work < kChangesPerPoll && !unsettled_.empty(); ++work) {
        const Hash256 hash = unsettled_.front();
        unsettled_.pop_front();
        if (const auto request = settle(hash, now)) requests.push_back(*request);
    }
    std::sort(requests.begin(), requests.end(),
              [](Position a, Position b) { return a->sequence < b->sequence; });
    std::map<PeerId, std::vector<GenTxid>> result;
    for (const Position request : requests)
        result[request->peer].push_back({request->kind, request->hash});
    return result;
}

std::optional<TimePoint> TransactionRequests::deadline() const {
    if (!unsettled_.empty()) return TimePoint{};
    const auto& by_time = announcements_.get<ByTime>();
    if (by_time.empty() || by_time.begin()->time == kNever) return std::nullopt;
    return by_time.begin()->time;
}

bool TransactionRequests::overloaded(PeerId peer) const {
    const auto found = peers_.find(peer);
    return found != peers_.end() && found->second.requested >= kOverloadedRequests;
}

}  // namespace parley
