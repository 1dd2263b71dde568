// TransactionRequests: decides which peer to ask for which announced transaction. It sends nothing:
// poll() returns what to request. Core thread.
//
// An announcement is a pair of peer and hash. It is *delayed* until its time comes, then *ready*,
// then perhaps *requested*; a request that expired or was answered without the transaction has
// *failed*. The rules (those of bitcoind's txrequest):
//
// - Of a hash, at most one announcement is requested at a time.
// - Among the ready ones, preferred peers come first. Within these two classes a keyed hash of peer
//   and transaction decides: announcing early or often gives nobody an advantage.
// - A failed announcement stays, so that the same peer is not asked again, until the transaction is
//   forgotten or no other announcement of it is left.
// - A txid and a wtxid with the same bytes name the same transaction, and count as one.
//
// Bounds: kAnnouncementsMax per peer. From kAnnouncementsTotalMax in all on, a peer may not hold
// more than its equal share. Every operation is logarithmic in the total for each announcement
// whose state it changes, and an announcement changes its state at most four times; what merely
// waits costs nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <boost/multi_index/composite_key.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>

#include "base/peer_id.h"
#include "base/random.h"
#include "base/time.h"
#include "net/peer/net_view.h"

namespace parley {

class TransactionRequests {
 public:
    /// Announcements remembered per peer (bitcoind's MAX_PEER_TX_ANNOUNCEMENTS).
    static constexpr size_t kAnnouncementsMax = 5'000;
    /// In all: those of a hundred peers at their limit, about 100 MB.
    static constexpr size_t kAnnouncementsTotalMax = 100 * kAnnouncementsMax;
    /// A poll makes about this many changes, a few milliseconds of work. Many announcements may
    /// fall due together; others need not wait for all of them.
    static constexpr size_t kChangesPerPoll = 2'000;
    /// With this many unanswered requests a peer is overloaded (bitcoind's
    /// MAX_PEER_TX_REQUEST_IN_FLIGHT): others get more time to announce what it announces.
    static constexpr size_t kOverloadedRequests = 100;

    /// A request expires after `timeout`. `random` gives the key of the choice among peers.
    TransactionRequests(Duration timeout, Random& random)
        : timeout_(timeout), key0_(random.next()), key1_(random.next()) {}

    /// The peer has the transaction, which may be requested from `ready` on. Ignored if the peer
    /// announced it before, and beyond the peer's limit.
    void announced(PeerId peer, const GenTxid& id, bool preferred, TimePoint ready);
    /// It was accepted, or is no longer wanted.
    void forget(const Hash256& hash);
    /// The peer answered without bringing it: with notfound, or with something unusable.
    void failed(PeerId peer, const Hash256& hash);
    void peer_gone(PeerId peer);

    /// What to request now: by peer, in order of announcement. Stops after kChangesPerPoll changes;
    /// deadline() is in the past then.
    std::map<PeerId, std::vector<GenTxid>> poll(TimePoint now);
    /// When poll() has something to do; may be in the past.
    std::optional<TimePoint> deadline() const;

    bool overloaded(PeerId peer) const;
    size_t size() const { return announcements_.size(); }
    /// Changes of state so far: the work done, for tests of its bound.
    uint64_t changes() const { return changes_; }

 private:
    enum class State : uint8_t { requested, ready, delayed, failed };

    struct Announcement {
        PeerId peer;
        Hash256 hash;
        GenTxid::Kind kind = GenTxid::Kind::txid;
        State state = State::delayed;
        uint64_t rank = 0;      ///< among the ready ones of a hash: the lowest is requested
        uint64_t sequence = 0;  ///< order of announcement
        TimePoint time{};       ///< the next change: ready or expired; kNever if none is due
    };
    struct PeerCounts {
        size_t announced = 0;
        size_t requested = 0;
    };

    struct ByPeer {};
    struct ByHash {};
    struct ByTime {};
    using A = Announcement;
    using PeerKey =
        boost::multi_index::composite_key<A, boost::multi_index::member<A, PeerId, &A::peer>,
                                          boost::multi_index::member<A, Hash256, &A::hash>>;
    using HashKey =
        boost::multi_index::composite_key<A, boost::multi_index::member<A, Hash256, &A::hash>,
                                          boost::multi_index::member<A, State, &A::state>,
                                          boost::multi_index::member<A, uint64_t, &A::rank>>;
    using TimeKey =
        boost::multi_index::composite_key<A, boost::multi_index::member<A, TimePoint, &A::time>,
                                          boost::multi_index::member<A, uint64_t, &A::sequence>>;
    using Announcements = boost::multi_index_container<
        A, boost::multi_index::indexed_by<
               boost::multi_index::ordered_unique<boost::multi_index::tag<ByPeer>, PeerKey>,
               boost::multi_index::ordered_non_unique<boost::multi_index::tag<ByHash>, HashKey>,
               boost::multi_index::ordered_unique<boost::multi_index::tag<ByTime>, TimeKey>>>;
    using Position = Announcements::iterator;

    void change(Position position, State state, TimePoint time);
    void erase(Position position);
    /// Requests the hash from the best ready peer, unless it is requested already. If only failed
    /// announcements are left, forgets them. Returns the new request, if any.
    std::optional<Position> settle(const Hash256& hash, TimePoint now);

    Duration timeout_;
    uint64_t key0_;
    uint64_t key1_;
    uint64_t next_sequence_ = 0;
    uint64_t changes_ = 0;
    Announcements announcements_;
    std::map<PeerId, PeerCounts> peers_;
    /// Hashes whose announcements have changed and that poll() has not looked at since; may repeat.
    /// Every entry stands for a change of an announcement that waits for another one.
    std::deque<Hash256> unsettled_;
};

}  // namespace parley
