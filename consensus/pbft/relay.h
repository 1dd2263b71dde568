// Relay: passes validators' messages on (-pbftrelay), for validators that are linked only through
// followers ("sentries"). A message is passed on once, to all peers but its sender, and only if no
// correct receiver could blame this node for it: its signatures and proofs are valid, a proposed
// block connects to the chain. It neither votes nor repairs losses by itself: a validator that
// repeats its view-change is heard again, and blocks of proposals are kept for those who fetch
// them. Owned by the replica; core thread only.
//
// Bounds: heights of the watermarks only; per validator and height, a number of messages per half
// base timeout; four blocks that wait for their check, and four valid ones.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <utility>

#include "consensus/pbft/setup.h"
#include "consensus/pbft/view_change.h"

namespace parley::pbft {

class Relay {
 public:
    /// Borrows `setup`.
    explicit Relay(const Setup& setup) : setup_(setup) {}
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    /// `bytes` is the encoded message.
    void take(PeerId from, const Message& message, ByteSpan bytes, Step& step);
    void take(const engine_input::ProposalChecked& checked, Step& step);
    /// The height after this block is in flight. Called first of all.
    void begin_height(const FinalPoint& final_point, Step& step);
    void peer_gone(PeerId peer) { served_at_.erase(peer); }

 private:
    /// A proposal whose block must be valid before it is passed on.
    struct Proposal {
        PeerId from;
        Sequence height = 0;
        BlockRef block;
        Bytes message;
        bool checking = false;
    };

    void take(PeerId from, const Vote& vote, ByteSpan bytes, Step& step);
    void take(PeerId from, const PrePrepare& message, ByteSpan bytes, Step& step);
    void take(PeerId from, const ViewChange& message, ByteSpan bytes, Step& step);
    void take(PeerId from, const NewView& message, ByteSpan bytes, Step& step);
    void take(PeerId from, const Fetch& message, Step& step);

    bool in_window(Sequence height) const {
        return height > final_point_.height && height - final_point_.height <= kWindow;
    }
    bool is_known(ByteSpan bytes, TimePoint now);
    /// Whether the validator may send another message for this height now; counts it.
    bool within_limit(ValidatorIndex validator, Sequence height);
    void pass_on(PeerId from, ByteSpan bytes, Step& step);
    void check_waiting(Step& step);

    /// A correct validator sends a proposal, a prepare and a commit in a view, and a view-change or
    /// a new-view for leaving it; few views pass in half a base timeout.
    static constexpr unsigned kMessagesPerHeightMax = 16;
    /// Proposals that wait for their block's check, and valid blocks kept for those who fetch them:
    /// one for each height of the window.
    static constexpr size_t kBlocksMax = kWindow;

    const Setup& setup_;
    FinalPoint final_point_;
    /// Digests of messages passed on in this period and in the one before it, and the counts of
    /// this period. Bounded by kMessagesPerHeightMax for each validator and height.
    std::set<Hash256> passed_, passed_before_;
    std::map<std::pair<ValidatorIndex, Sequence>, unsigned> counts_;
    TimePoint period_end_ = TimePoint::min();
    std::map<BlockHash, Proposal> waiting_;
    std::deque<std::pair<BlockHash, BlockRef>> blocks_;
    std::map<PeerId, TimePoint> served_at_;  ///< when a block was sent to the peer
};

}  // namespace parley::pbft
