// Decision: the height in flight, which is the one after the last final block: the votes on it, the
// proposed blocks, and what is being built, checked and published. Created for one height and
// dropped as a whole when that height is final; only messages received early for later heights
// carry over. Implements the normal case of Castro & Liskov, section 4.2. It neither changes views
// (view_changer.h) nor repairs losses (repair.h). Owned by the replica; core thread only.
//
// The view's primary builds a block (BuildProposal), records its pre-prepare and sends it with the
// block. A backup checks signature, header, time and transactions (CheckProposal), then records and
// sends a prepare. A replica with the pre-prepare and a quorum of prepares records that certificate
// and sends a commit. A quorum of commits is the block's seal, and the block is published.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "consensus/pbft/repair.h"
#include "consensus/pbft/report/attendance.h"
#include "consensus/pbft/setup.h"
#include "consensus/pbft/vote_book.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

class Decision {
 public:
    struct Body {
        BlockRef block;
        PeerId from{0};      ///< 0: our own
        bool valid = false;  ///< it connects on top of the tip
        View view = 0;       ///< the last one in which this replica accepted it
    };
    using Bodies = std::map<BlockHash, Body>;
    /// Messages received early, for later heights.
    struct Early {
        explicit Early(const ValidatorSet& validators) : votes(validators) {}
        VoteBook votes;
        Bodies bodies;
    };

    /// For the height after `tip`. Borrows all arguments except `early`.
    Decision(const Setup& setup, VoteLog& vote_log, Repair& repair, EvidenceList& evidence,
             Attendance& attendance, const HeaderNode& tip, TimePoint now, Early early);
    Decision(const Decision&) = delete;
    Decision& operator=(const Decision&) = delete;

    /// Must be called first, or succeed(). After a start: restores what the vote log has for this
    /// height.
    void restore();
    /// After the previous height: processes what it received early for this one.
    void succeed();
    /// This height is final. The object must not be used afterwards.
    Early take_early();

    const FinalPoint& final_point() const { return final_; }
    Sequence height() const { return final_.height + 1; }
    const VoteBook& votes() const { return book_; }
    /// The pre-prepare of the current view; null: none.
    const Vote* proposal() const { return book_.pre_prepare(state().view, height()); }
    /// Empty: the block is missing, or not known to be valid.
    BlockRef valid_block(const BlockHash& digest) const;
    /// The valid blocks of this height, for the vote log.
    VoteLog::Bodies blocks() const;

    void take(PeerId from, const Vote& vote, Step& step);
    void take(PeerId from, const PrePrepare& message, Step& step);
    /// Takes the block of a digest that a validator signed or that was requested.
    void take_body(PeerId from, const BlockHash& digest, ByteSpan bytes, Step& step);
    void take(const engine_input::ProposalBuilt& built, Step& step);
    void take(const engine_input::ProposalChecked& checked, Step& step);
    /// Empty: another process has signed a conflicting statement with this key.
    std::optional<Vote> sign(MessageType type, Sequence height, const BlockHash& digest,
                             TimePoint now);
    void demand_changed() { nothing_to_build_ = false; }
    /// This replica left a view or entered one.
    void view_changed();

    /// Does everything that is now possible.
    void advance(const Demand& demand, Step& step);

    /// Whether there is something to order.
    bool has_work(const Demand& demand, TimePoint now) const;
    /// `now` is the time of the last input.
    TimePoint next_deadline(TimePoint now) const;

 private:
    friend class ReplicaDigest;  // of tests: reads everything

    bool try_publish(Step& step);
    bool try_prepare(Step& step);
    bool try_commit(Step& step);
    void try_propose(const Demand& demand, Step& step);
    void propose(const BlockRef& block, Step& step);
    /// Adds the re-proposal of the current view's new-view to the votes.
    void place_reproposal();
    /// Stops voting if `vote`, whose signature is valid, has this replica's key and was not signed
    /// by it.
    void guard_own_key(const Vote& vote);
    bool signed_elsewhere(const Vote& vote) const;
    void halt_voting(Sequence height);
    bool is_for_this_height(const Body& body) const;
    void drop_unneeded_bodies();
    bool may_vote() const;
    bool is_primary() const;
    bool in_window(Sequence height) const {
        return height > final_.height && height - final_.height <= kWindow;
    }
    /// The block if it is available and valid; otherwise fetches it, or requests its check.
    BlockRef valid_body(const BlockHash& digest, Step& step);
    std::optional<std::string> header_problem(const BlockHeader& header, bool reproposed,
                                              TimePoint now) const;
    bool empty_block_due(TimePoint now) const;
    std::optional<TimePoint> pace(TimePoint now) const;
    Recorded record(Step& step) { return vote_log_.record(blocks(), final_.height, step); }
    const VoteState& state() const { return vote_log_.state; }

    /// How many valid blocks of one height are kept. A Byzantine validator can hold the only
    /// certificate of a block for as many views as it likes, and every later new-view must then
    /// propose this block again; so whoever has prepared it keeps it. More blocks than this need as
    /// many views that prepare different blocks and decide none; the oldest ones are dropped then.
    static constexpr size_t kBlocksMax = 16;

    const Setup& setup_;
    VoteLog& vote_log_;
    Repair& repair_;
    EvidenceList& evidence_;
    Attendance& attendance_;

    // Constant after construction.
    const HeaderNode& tip_;
    const FinalPoint final_;
    const TimePoint since_;

    VoteBook book_;  ///< includes votes for later heights
    Bodies bodies_;
    /// Digests whose header rules them out.
    std::set<BlockHash> unusable_;
    /// Who sent an invalid block with this digest. A block can be altered in transit without
    /// changing its hash (CVE-2012-2459, witnesses), so a failure proves nothing about the digest,
    /// only about the sender: each may make this replica check one block in each view.
    std::map<BlockHash, std::set<PeerId>> refused_;
    std::optional<BlockHash> checking_;
    std::optional<BlockHash> building_;  ///< parent of the block being built
    std::optional<BlockHash> published_;
    bool nothing_to_build_ = false;
    std::optional<TimePoint> propose_at_;
    std::optional<TimePoint> paced_since_;
};

}  // namespace parley::pbft
