// TransactionRequests: which peer to ask for which announced transaction. Each is asked of one peer
// at a time; who does not deliver in time, or says notfound, loses it to the next announcer, in the
// order of announcement. It sends nothing: poll() says what to ask. Core thread.
//
// Bounds: kAnnouncementsMax remembered announcements and kRequestsMax unanswered requests per peer;
// every operation is logarithmic in the total, plus the announcers of one transaction.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "base/peer_id.h"
#include "base/time.h"
#include "net/peer/net_view.h"

namespace parley {

class TransactionRequests {
 public:
    /// Announcements of one peer that are remembered (bitcoind's MAX_PEER_TX_ANNOUNCEMENTS).
    static constexpr size_t kAnnouncementsMax = 5'000;
    /// Unanswered requests per peer: enough to keep a line with 100 ms of delay busy with 5,000
    /// transactions a second, little enough that one mute peer delays only so many.
    static constexpr size_t kRequestsMax = 1'000;

    explicit TransactionRequests(Duration timeout) : timeout_(timeout) {}

    /// The peer has it; it may be asked from `ready` on. Ignored beyond the peer's bound.
    void announced(PeerId peer, const GenTxid& id, TimePoint ready);
    /// It came, or is not wanted any more: nobody is asked for it.
    void forget(const GenTxid& id);
    /// The peer does not have it after all.
    void not_found(PeerId peer, const GenTxid& id);
    void peer_gone(PeerId peer);

    /// What to ask now: by peer, in the order of announcement.
    std::map<PeerId, std::vector<GenTxid>> poll(TimePoint now);
    std::optional<TimePoint> deadline() const;

    size_t size() const { return items_.size(); }

 private:
    struct Announcer {
        PeerId peer;
        TimePoint ready;
    };
    struct Item {
        uint64_t sequence = 0;
        std::vector<Announcer> waiting;   ///< in order of announcement, not asked yet
        std::optional<PeerId> requested;  ///< unanswered
        std::optional<TimePoint> due;     ///< its place in schedule_
    };
    struct PeerState {
        std::set<GenTxid> announced;
        size_t requested = 0;
    };
    using Items = std::map<GenTxid, Item>;

    /// When every announcer is at its bound, the next look comes after this long.
    static constexpr Duration kBusyDelay = std::chrono::milliseconds{50};

    void schedule(Items::iterator item, std::optional<TimePoint> due);
    void schedule_next_announcer(Items::iterator item);
    void drop_announcer(Items::iterator item, PeerId peer);
    void end_request(Items::iterator item);
    void erase(Items::iterator item);

    Duration timeout_;
    uint64_t next_sequence_ = 0;
    Items items_;
    std::map<PeerId, PeerState> peers_;
    std::set<std::tuple<TimePoint, uint64_t, GenTxid>> schedule_;
};

}  // namespace parley
