// Repair: recovers from lost messages, and lets a replica that lags behind find out. While anything
// is unsettled, a replica broadcasts its status once per half base timeout; a peer that has what is
// missing (anybody's votes, the new-view, view-changes, a later seal) replies with it. Nothing is
// sent as long as blocks are decided in time. It does not transfer final blocks: it asks the node
// to (CatchUp). Owned by the replica; core thread only.
#pragma once

#include <map>
#include <optional>

#include "consensus/pbft/setup.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

class Decision;
class ViewChanger;

/// The replica's state: the content of its status, and the source of its replies to others.
struct Standing {
    const Decision& decision;
    const ViewChanger& views;
    const VoteLog& vote_log;
};

class Repair {
 public:
    /// Borrows `setup`.
    explicit Repair(const Setup& setup) : setup_(setup) {}
    Repair(const Repair&) = delete;
    Repair& operator=(const Repair&) = delete;

    void start(TimePoint now) { idle_status_at_ = now + setup_.options.idle_status_period; }
    void peer_ready(PeerId peer, const Standing& standing, Step& step);
    void peer_gone(PeerId peer) { peers_.erase(peer); }
    void take(PeerId from, const Status& theirs, const Standing& standing, Step& step);
    void take(PeerId from, const Fetch& message, const Decision& decision, Step& step);
    void take(PeerId from, const Body& message, Decision& decision, Step& step);
    /// Sends the idle status if it is due.
    void send_idle_status(const Standing& standing, Step& step);
    /// Sends the periodic status while something is unsettled, if it is due, and ends fetches that
    /// were not answered.
    void take_time(const Standing& standing, Step& step);

    /// The highest final block above the tip with a proof.
    const std::optional<FinalPoint>& certified() const { return certified_; }
    bool behind() const { return certified_.has_value(); }
    /// This replica created the proof itself.
    void certify(FinalPoint point) { certified_ = std::move(point); }
    /// Notes the proof that a later block is final; `from` is set if that peer has the block.
    void note_final(std::optional<PeerId> from, const FinalPoint& point,
                    const FinalPoint& final_point, Step& step);
    void height_decided(Sequence height);

    /// Requests the block from a few peers, unless it was requested recently.
    void fetch(const BlockHash& digest, Step& step);
    void body_arrived(const BlockHash& digest);

    /// A validator votes on heights beyond the window.
    void note_beyond() { heard_from_beyond_ = true; }
    bool heard_from_beyond() const { return heard_from_beyond_; }

    /// Runs the timer of the periodic status while something is unsettled.
    void set_timer(bool unsettled, TimePoint now);
    void restart_timer() { repeat_at_.reset(); }
    TimePoint next_deadline() const;

 private:
    friend class ReplicaDigest;  // of tests: reads everything

    struct PeerState {
        TimePoint answered_at = TimePoint::min();
        TimePoint catch_up_at = TimePoint::min();
        TimePoint body_sent_at = TimePoint::min();
        Sequence final_height = 0;  ///< proven
    };

    Status status(const Standing& standing) const;
    void answer_height(PeerId peer, const Status& theirs, const Standing& standing, Step& step);
    void answer_view(PeerId peer, const Status& theirs, const Standing& standing, Step& step);
    void answer_votes(PeerId peer, const Status& theirs, const Standing& standing, Step& step);
    void catch_up(const FinalPoint& final_point, Step& step);
    void repeat(const Standing& standing, Step& step);

    /// Number of peers asked for a missing block at the same time.
    static constexpr int kFetchFanOut = 2;

    const Setup& setup_;
    std::map<PeerId, PeerState> peers_;
    PeerId fetch_cursor_{0};
    std::optional<FinalPoint> certified_;
    std::optional<BlockHash> wanted_;
    std::optional<TimePoint> fetch_at_;
    std::optional<TimePoint> repeat_at_;
    TimePoint idle_status_at_ = kNever;
    bool heard_from_beyond_ = false;
};

}  // namespace parley::pbft
