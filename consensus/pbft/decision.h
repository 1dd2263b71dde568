// Decision: the one height in flight, the one after the last final block: the votes on it, the
// blocks that were proposed, what is being built, checked and published. Made for a height, and
// dropped whole when that height is final; only what came early for later heights goes on to the
// next. The normal case of Castro & Liskov, section 4.2. It neither changes views (view_changer.h)
// nor talks with single peers (repair.h). Owned by the replica; core thread only.
//
// How a block is decided: the primary of the view builds it (BuildProposal), records and sends its
// pre-prepare with it; a backup checks signature, header, time and transactions (CheckProposal),
// records and sends a prepare; who has the pre-prepare and prepares of a quorum records the
// certificate and sends a commit; a quorum of commits is the block's seal, and it is published.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "consensus/pbft/repair.h"
#include "consensus/pbft/setup.h"
#include "consensus/pbft/vote_book.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

class Decision {
 public:
    struct Body {
        BlockRef block;
        PeerId from{0};      ///< 0: our own
        bool valid = false;  ///< it connects above the tip
    };
    using Bodies = std::map<BlockHash, Body>;
    /// What came for later heights.
    struct Early {
        explicit Early(const ValidatorSet& validators) : votes(validators) {}
        VoteBook votes;
        Bodies bodies;
    };

    /// The height after `tip`. Borrows all but `early`.
    Decision(const Setup& setup, VoteLog& vote_log, Repair& repair, EvidenceList& evidence,
             const HeaderNode& tip, TimePoint now, Early early);
    Decision(const Decision&) = delete;
    Decision& operator=(const Decision&) = delete;

    /// Then one of these. After a start: what the vote log remembers of this height.
    void restore();
    /// After another height: what that left.
    void succeed();
    /// This height is final. Leaves nothing behind.
    Early take_early();

    const FinalPoint& final_point() const { return final_; }
    Sequence height() const { return final_.height + 1; }
    const VoteBook& votes() const { return book_; }
    /// The pre-prepare of the current view; null: none.
    const Vote* proposal() const { return book_.pre_prepare(state().view, height()); }
    /// Empty: no such block, or it is not known to be valid.
    BlockRef valid_block(const BlockHash& digest) const;
    VoteLog::Bodies blocks() const;

    void take(PeerId from, const Vote& vote, Step& step);
    void take(PeerId from, const PrePrepare& message, Step& step);
    /// The block of a digest that somebody signed or that was asked for.
    void take_body(PeerId from, const BlockHash& digest, ByteSpan bytes, Step& step);
    void take(const engine_input::ProposalBuilt& built, Step& step);
    void take(const engine_input::ProposalChecked& checked, Step& step);
    /// Empty: a statement of this key that this replica does not remember forbids it.
    std::optional<Vote> sign(MessageType type, Sequence height, const BlockHash& digest);
    void demand_changed() { nothing_to_build_ = false; }
    /// This replica left a view or entered one.
    void view_changed();

    /// Does everything that has become possible.
    void advance(const Demand& demand, Step& step);

    /// Is there something to order?
    bool has_work(const Demand& demand, TimePoint now) const;
    /// `now` is that of the last input.
    TimePoint next_deadline(TimePoint now) const;

 private:
    bool try_publish(Step& step);
    bool try_prepare(Step& step);
    bool try_commit(Step& step);
    void try_propose(const Demand& demand, Step& step);
    void propose(const BlockRef& block, Step& step);
    /// The re-proposal of the current view's new-view takes its place among the votes.
    void place_reproposal();
    void drop_unneeded_bodies();
    bool may_vote() const;
    bool is_primary() const;
    bool in_window(Sequence height) const {
        return height > final_.height && height - final_.height <= kWindow;
    }
    /// The block when it is here and valid; else asks for it, or for its check.
    BlockRef valid_body(const BlockHash& digest, Step& step);
    std::optional<std::string> header_problem(const BlockHeader& header, bool reproposed,
                                              TimePoint now) const;
    bool empty_block_due(TimePoint now) const;
    std::optional<TimePoint> pace(TimePoint now) const;
    Recorded record(Step& step) { return vote_log_.record(blocks(), final_.height, step); }
    const VoteState& state() const { return vote_log_.state; }

    /// Blocks that are tried for one digest before the proposal is given up: a block can be
    /// altered on its way without its hash changing (CVE-2012-2459, witnesses), so the first
    /// failure is no proof against the digest; but each trial costs a dry run.
    static constexpr int kTrialsMax = 3;

    const Setup& setup_;
    VoteLog& vote_log_;
    Repair& repair_;
    EvidenceList& evidence_;

    // Constant after construction.
    const HeaderNode& tip_;
    const FinalPoint final_;
    const TimePoint since_;

    VoteBook book_;  ///< also votes for later heights
    Bodies bodies_;
    std::map<BlockHash, int> trials_;  ///< failed checks of blocks of this digest
    std::optional<BlockHash> checking_;
    std::optional<BlockHash> building_;  ///< parent
    std::optional<BlockHash> published_;
    bool nothing_to_build_ = false;
    std::optional<TimePoint> propose_at_;
    std::optional<TimePoint> paced_since_;
};

}  // namespace parley::pbft
