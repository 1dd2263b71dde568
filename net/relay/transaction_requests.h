// TransactionRequests: decides which peer to ask for which announced transaction. Each transaction
// is requested from one peer at a time; a peer that does not deliver in time, or replies notfound,
// loses it to the next announcer, in order of announcement. It sends nothing: poll() returns what
// to request. Core thread.
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
    /// Remembered announcements per peer (bitcoind's MAX_PEER_TX_ANNOUNCEMENTS).
    static constexpr size_t kAnnouncementsMax = 5'000;
    /// Unanswered requests per peer: enough to keep a link with 100 ms of delay busy at 5,000
    /// transactions per second, and few enough to limit what one unresponsive peer can delay.
    static constexpr size_t kRequestsMax = 1'000;

    explicit TransactionRequests(Duration timeout) : timeout_(timeout) {}

    /// The peer has the transaction, which may be requested from `ready` on. Ignored beyond the
    /// peer's limit.
    void announced(PeerId peer, const GenTxid& id, TimePoint ready);
    /// It was received, or is no longer wanted.
    void forget(const GenTxid& id);
    /// The peer does not have it.
    void not_found(PeerId peer, const GenTxid& id);
    void peer_gone(PeerId peer);

    /// What to request now: by peer, in order of announcement.
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
        std::vector<Announcer> waiting;   ///< not asked yet, in order of announcement
        std::optional<PeerId> requested;  ///< the peer asked
        std::optional<TimePoint> due;     ///< its key in schedule_
    };
    struct PeerState {
        std::set<GenTxid> announced;
        size_t requested = 0;
    };
    using Items = std::map<GenTxid, Item>;

    /// If every announcer is at its limit, the next attempt follows after this time.
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
