// TransactionRequests against a naive model, and its bounds.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/random.h"
#include "net/relay/transaction_requests.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTimeout = seconds{5};

Hash256 hash_of(uint32_t number) {
    Hash256 hash;
    for (size_t i = 0; i < 4; ++i) hash.bytes()[i] = uint8_t(number >> (8 * i));
    return hash;
}

GenTxid wtxid(uint32_t number) {
    return {GenTxid::Kind::wtxid, hash_of(number)};
}

/// Restates the rules with a list and scans. Which of several peers of a class is asked is the
/// tracker's choice, so the model follows it.
struct NaiveTracker {
    enum class State { waiting, requested, failed };
    struct Entry {
        PeerId peer;
        Hash256 hash;
        bool preferred = false;
        TimePoint time{};
        State state = State::waiting;
    };
    std::vector<Entry> entries;

    void announced(PeerId peer, const Hash256& hash, bool preferred, TimePoint ready) {
        if (find(peer, hash) == nullptr)
            entries.push_back({peer, hash, preferred, ready, State::waiting});
    }
    Entry* find(PeerId peer, const Hash256& hash) {
        for (Entry& entry : entries) {
            if (entry.peer == peer && entry.hash == hash) return &entry;
        }
        return nullptr;
    }
    void forget(const Hash256& hash) {
        std::erase_if(entries, [&](const Entry& entry) { return entry.hash == hash; });
    }
    void failed(PeerId peer, const Hash256& hash) {
        if (Entry* entry = find(peer, hash)) entry->state = State::failed;
    }
    void peer_gone(PeerId peer) {
        std::erase_if(entries, [&](const Entry& entry) { return entry.peer == peer; });
    }
    /// Times pass, and hashes of which all has failed are dropped.
    void settle(TimePoint now) {
        std::set<Hash256> alive;
        for (Entry& entry : entries) {
            if (entry.state == State::requested && entry.time <= now) entry.state = State::failed;
            if (entry.state != State::failed) alive.insert(entry.hash);
        }
        std::erase_if(entries, [&](const Entry& e) { return !alive.contains(e.hash); });
    }
    bool in_flight(const Hash256& hash) const {
        return std::any_of(entries.begin(), entries.end(), [&](const Entry& e) {
            return e.hash == hash && e.state == State::requested;
        });
    }
    /// The peers that may be asked for the hash, in the order of their announcements.
    std::vector<PeerId> candidates(const Hash256& hash, TimePoint now) const {
        std::vector<PeerId> preferred;
        std::vector<PeerId> others;
        for (const Entry& e : entries) {
            if (e.hash == hash && e.state == State::waiting && e.time <= now && !in_flight(hash))
                (e.preferred ? preferred : others).push_back(e.peer);
        }
        return preferred.empty() ? others : preferred;
    }
    std::set<Hash256> wanted(TimePoint now) const {
        std::set<Hash256> result;
        for (const Entry& entry : entries) {
            if (!candidates(entry.hash, now).empty()) result.insert(entry.hash);
        }
        return result;
    }
};

/// Polls both and compares. The tracker's choice among the candidates becomes the model's.
void compare_poll(TransactionRequests& tracker, NaiveTracker& model, TimePoint now) {
    model.settle(now);
    std::set<Hash256> requested;
    const std::set<Hash256> wanted = model.wanted(now);
    for (const auto& [peer, ids] : tracker.poll(now)) {
        size_t last = 0;
        for (const GenTxid& id : ids) {
            const auto allowed = model.candidates(id.hash, now);
            RC_ASSERT(std::count(allowed.begin(), allowed.end(), peer) == 1);
            RC_ASSERT(requested.insert(id.hash).second);
            NaiveTracker::Entry* entry = model.find(peer, id.hash);
            const auto position = static_cast<size_t>(entry - model.entries.data());
            RC_ASSERT(position >= last);
            last = position;
            entry->state = NaiveTracker::State::requested;
            entry->time = now + kTimeout;
        }
    }
    RC_ASSERT(requested == wanted);
    RC_ASSERT(tracker.size() == model.entries.size());
    std::optional<TimePoint> next;
    for (const auto& entry : model.entries) {
        const bool waits = entry.state == NaiveTracker::State::requested ||
                           (entry.state == NaiveTracker::State::waiting && entry.time > now);
        if (waits && (!next || entry.time < *next)) next = entry.time;
    }
    RC_ASSERT(tracker.deadline() == next);
}

RC_GTEST_PROP(TransactionRequests, behaves_as_the_naive_model, ()) {
    SeededRandom random(*rc::gen::arbitrary<uint64_t>());
    TransactionRequests tracker(kTimeout, random);
    NaiveTracker model;
    TimePoint now = kStart;
    const size_t steps = *rc::gen::inRange<size_t>(1, 150);
    for (size_t i = 0; i < steps; ++i) {
        const PeerId peer{*rc::gen::inRange<uint64_t>(1, 6)};
        const uint32_t number = *rc::gen::inRange<uint32_t>(0, 4);
        switch (*rc::gen::inRange(0, 9)) {
            case 0:
                tracker.forget(hash_of(number));
                model.forget(hash_of(number));
                break;
            case 1:
                tracker.failed(peer, hash_of(number));
                model.failed(peer, hash_of(number));
                break;
            case 2:
                tracker.peer_gone(peer);
                model.peer_gone(peer);
                break;
            case 3:
                now += milliseconds{*rc::gen::inRange(0, 7'000)};
                break;
            default: {
                const TimePoint ready = now + milliseconds{*rc::gen::inRange(0, 3) * 1'000};
                const bool preferred = *rc::gen::arbitrary<bool>();
                const auto kind = *rc::gen::element(GenTxid::Kind::txid, GenTxid::Kind::wtxid);
                tracker.announced(peer, {kind, hash_of(number)}, preferred, ready);
                model.announced(peer, hash_of(number), preferred, ready);
            }
        }
        compare_poll(tracker, model, now);
    }
    for (uint64_t peer = 1; peer < 6; ++peer) tracker.peer_gone(PeerId{peer});
    RC_ASSERT(tracker.poll(now).empty());
    RC_ASSERT(tracker.size() == 0u);
    RC_ASSERT(!tracker.deadline().has_value());
}

/// Until nothing is due.
void poll_all(TransactionRequests& tracker, TimePoint now) {
    do tracker.poll(now);
    while (tracker.deadline() && *tracker.deadline() <= now);
}

TEST(TransactionRequests, announcements_per_peer_are_bounded_and_a_busy_peer_is_overloaded) {
    SeededRandom random(1);
    TransactionRequests tracker(kTimeout, random);
    for (uint32_t i = 0; i < 99; ++i) tracker.announced(PeerId{1}, wtxid(i), false, kStart);
    EXPECT_EQ(tracker.poll(kStart).at(PeerId{1}).size(), 99u);
    EXPECT_FALSE(tracker.overloaded(PeerId{1}));
    for (uint32_t i = 0; i < 6'000; ++i) tracker.announced(PeerId{1}, wtxid(i), false, kStart);
    EXPECT_EQ(tracker.size(), 5'000u);
    poll_all(tracker, kStart);
    EXPECT_TRUE(tracker.overloaded(PeerId{1}));
    EXPECT_FALSE(tracker.overloaded(PeerId{2}));
    EXPECT_TRUE(tracker.poll(kStart).empty());
    EXPECT_EQ(*tracker.deadline(), kStart + kTimeout);
}

TEST(TransactionRequests, announcements_in_all_are_bounded_and_a_small_peer_still_gets_its_share) {
    SeededRandom random(1);
    TransactionRequests tracker(kTimeout, random);
    uint32_t number = 0;
    for (uint64_t peer = 1; peer <= 105; ++peer) {
        for (uint32_t i = 0; i < 5'000; ++i)
            tracker.announced(PeerId{peer}, wtxid(number++), false, kStart);
    }
    EXPECT_LT(tracker.size(), 105 * 5'000u);
    const size_t before = tracker.size();
    for (uint32_t i = 0; i < 10; ++i)
        tracker.announced(PeerId{1000}, wtxid(number++), false, kStart);
    EXPECT_EQ(tracker.size(), before + 10);
}

/// What waits must cost nothing: a hundred silent peers hold 20,000 announcements, and the work is
/// still at most four changes of state for each.
TEST(TransactionRequests, work_is_proportional_to_the_announcements_and_not_to_the_steps) {
    constexpr uint64_t kPeers = 100;
    constexpr uint32_t kEach = 200;
    SeededRandom random(1);
    TransactionRequests tracker(kTimeout, random);
    TimePoint now = kStart;
    for (uint64_t peer = 1; peer <= kPeers; ++peer) {
        // Half of them are the same for all, so that they wait behind one another.
        for (uint32_t i = 0; i < kEach; ++i) {
            const uint32_t own = static_cast<uint32_t>(peer) * kEach + i;
            tracker.announced(PeerId{peer}, wtxid(i % 2 == 0 ? i : own), false, now);
        }
    }
    poll_all(tracker, now);
    const uint64_t announced = tracker.size();
    // Polls between two deadlines change nothing.
    const uint64_t before = tracker.changes();
    for (int i = 0; i < 1'000; ++i) {
        now += milliseconds{1};
        EXPECT_TRUE(tracker.poll(now).empty());
    }
    EXPECT_EQ(tracker.changes(), before);
    // Until every request has expired.
    size_t polls = 0;
    while (tracker.deadline() && polls < 10'000) {
        now = std::max(now, *tracker.deadline());
        tracker.poll(now);
        ++polls;
    }
    EXPECT_EQ(tracker.size(), 0u);
    EXPECT_LE(tracker.changes(), 5 * announced);
    // One for each deadline, and one more whenever the work of a poll is at its limit.
    EXPECT_LE(polls, kPeers + 1 + 5 * announced / TransactionRequests::kChangesPerPoll);
}

/// Half a million announcements fall due at the same moment: no poll does all the work.
TEST(TransactionRequests, poll_that_finds_everything_due_stops_at_its_limit_and_goes_on_later) {
    constexpr size_t kPeers = 100;
    SeededRandom random(1);
    TransactionRequests tracker(kTimeout, random);
    uint32_t number = 0;
    for (uint64_t peer = 1; peer <= kPeers; ++peer) {
        for (size_t i = 0; i < 1'000; ++i)
            tracker.announced(PeerId{peer}, wtxid(number++), false, kStart);
    }
    size_t requested = 0;
    uint64_t changes = tracker.changes();
    while (tracker.deadline() && *tracker.deadline() <= kStart) {
        for (const auto& [peer, ids] : tracker.poll(kStart)) requested += ids.size();
        ASSERT_LE(tracker.changes(), changes + TransactionRequests::kChangesPerPoll);
        ASSERT_GT(tracker.changes(), changes);
        changes = tracker.changes();
    }
    EXPECT_EQ(requested, kPeers * 1'000);
}

TEST(TransactionRequests, preferred_peer_is_asked_first_and_a_failed_one_not_again) {
    SeededRandom random(7);
    TransactionRequests tracker(kTimeout, random);
    for (uint64_t peer = 1; peer <= 20; ++peer)
        tracker.announced(PeerId{peer}, wtxid(1), peer == 20, kStart);
    EXPECT_TRUE(tracker.poll(kStart).contains(PeerId{20}));
    std::set<PeerId> asked{PeerId{20}};
    TimePoint now = kStart;
    while (tracker.deadline()) {
        now += kTimeout;
        for (const auto& [peer, ids] : tracker.poll(now)) {
            EXPECT_TRUE(asked.insert(peer).second);
            tracker.announced(peer, wtxid(1), true, now);  // again: ignored
        }
    }
    EXPECT_EQ(asked.size(), 20u);
    EXPECT_EQ(tracker.size(), 0u);
}

}  // namespace
}  // namespace parley::test
