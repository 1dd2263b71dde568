// Repair: what replicas tell each other so that nothing that is lost stays lost, and how one that
// lags learns of it. As long as something is open, a replica broadcasts its status once in half a
// base timeout; whoever holds what is missing (votes of anybody, the new-view, view-changes, a
// later seal) answers. Nothing of that is sent while blocks are decided in time. It does not move
// final blocks: it asks the node to (CatchUp). Owned by the replica; core thread only.
#pragma once

#include <map>
#include <optional>

#include "consensus/pbft/setup.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

class Decision;
class ViewChanger;

/// Where this replica is: what it tells others, and from which it answers them.
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
    /// The status that a replica sends now and then though nothing is open, when it is due.
    void send_idle_status(const Standing& standing, Step& step);
    /// What is repeated while something is open, when it is due; and a fetch without an answer
    /// ends.
    void take_time(const Standing& standing, Step& step);

    /// The highest proven final block above the tip.
    const std::optional<FinalPoint>& certified() const { return certified_; }
    bool behind() const { return certified_.has_value(); }
    /// This replica holds the proof itself.
    void certify(FinalPoint point) { certified_ = std::move(point); }
    /// A proof that a later block is final; `from` is set when that peer has it.
    void note_final(std::optional<PeerId> from, const FinalPoint& point,
                    const FinalPoint& final_point, Step& step);
    void height_decided(Sequence height);

    /// Asks a few peers for the block, unless that was done lately.
    void fetch(const BlockHash& digest, Step& step);
    void body_arrived(const BlockHash& digest);

    /// Somebody votes on heights that we cannot know.
    void note_beyond() { heard_from_beyond_ = true; }
    bool heard_from_beyond() const { return heard_from_beyond_; }

    /// Sends the status again and again while something is open.
    void set_timer(bool unsettled, TimePoint now);
    void restart_timer() { repeat_at_.reset(); }
    TimePoint next_deadline() const;

 private:
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

    /// Peers that are asked for a missing block at once.
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
