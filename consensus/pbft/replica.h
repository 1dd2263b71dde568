// Replica: the PBFT state machine of one node. One height is in flight at a time, the one after
// the last finalised block. Its parts: the ordering of that height (replica_ordering.cpp), changes
// of view (replica_views.cpp), what replicas tell each other when something is missing
// (replica_sync.cpp), the report (replica_info.cpp), inputs and timers (replica.cpp). It neither
// judges transactions nor moves finalised blocks. Made by make_pbft_engine(); core thread only.
//
// How a block is decided: the primary of the view builds it (BuildProposal), records and sends its
// pre-prepare with it; a backup checks signature, header, time and transactions (CheckProposal),
// records and sends a prepare; who has the pre-prepare and prepares of a quorum records the
// certificate and sends a commit; a quorum of commits is the block's seal, and it is published.
// Every statement is recorded durably before it leaves (vote_log.h).
//
// How a view is left: a replica whose timer runs out, or that sees f + 1 others leave, sends a
// view-change and takes no further part in the old view. With a quorum of them the new primary
// sends the new-view. The timer of the new view starts with that quorum, twice as long as before.
//
// How losses are repaired: as long as something is open, a replica broadcasts its status once in
// half a base timeout; whoever holds what is missing (votes of anybody, the new-view, view-changes,
// a later seal) answers. Nothing of that is sent while blocks are decided in time.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "chain/rules/params.h"
#include "consensus/engine.h"
#include "consensus/pbft/certificate.h"
#include "consensus/pbft/pbft_engine.h"
#include "consensus/pbft/view_change.h"
#include "consensus/pbft/vote_book.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

inline constexpr std::string_view kEngineName = "pbft";

class Replica final : public Engine {
 public:
    /// REQUIRES: the key in `options`, if any, is a validator's.
    Replica(PbftOptions options, const ChainParams& chain, ValidatorSet validators, LogSink& log);
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    /// Before the first input. The error is a sentence.
    Expected<void, std::string> restore(const Storage& storage);

    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const override;
    Score genesis_score(const BlockHeader& genesis) const override;
    uint32_t next_bits(const HeaderNode& parent, int64_t time) const override;

    std::string name() const override { return std::string{kEngineName}; }
    Finality finality() const override { return Finality::absolute; }
    EngineReport::Object report() const override;

    EngineOutputs handle(const EngineInput& input, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override;

    /// Contradictory votes seen in this run, the first kEvidenceMax of them.
    const std::vector<Evidence>& evidence() const { return evidence_; }

 private:
    struct BodyState {
        BlockRef block;
        PeerId from{0};      ///< 0: our own
        bool valid = false;  ///< it connects above the tip
    };
    struct PeerState {
        TimePoint answered_at = TimePoint::min();
        TimePoint catch_up_at = TimePoint::min();
        TimePoint body_sent_at = TimePoint::min();
        Sequence final_height = 0;  ///< proven
    };
    struct ViewRecord {
        View view = 0;
        std::string reason;
        TimePoint when{};
    };

    void take(const engine_input::Started& input, Step& step);
    void take(const engine_input::TipChanged& input, Step& step);
    void take(const engine_input::DemandChanged& input, Step& step);
    void take(const engine_input::PeerMessage& input, Step& step);
    void take(const engine_input::PeerReady& input, Step& step);
    void take(const engine_input::PeerGone& input, Step& step);
    void take(const engine_input::TimerDue& input, Step& step);
    void take(const engine_input::ProposalBuilt& input, Step& step);
    void take(const engine_input::ProposalChecked& input, Step& step);

    // ---- ordering (replica_ordering.cpp)
    void handle(PeerId from, const Vote& vote, Step& step);
    void handle(PeerId from, const PrePrepare& message, Step& step);
    /// Does everything that has become possible. Called at the end of every input.
    void advance(Step& step);
    bool try_publish(Step& step);
    bool try_prepare(Step& step);
    bool try_commit(Step& step);
    void try_propose(Step& step);
    void propose(BlockRef block, Step& step);
    bool may_vote() const;
    /// Empty: a statement of this key that this replica does not remember forbids it.
    std::optional<Vote> sign(MessageType type, Sequence height, const BlockHash& digest);
    Recorded record(Step& step);
    /// Takes the block of a digest that somebody signed or that was asked for.
    void take_body(PeerId from, const BlockHash& digest, ByteSpan bytes, Step& step);
    /// The block when it is here and valid; else asks for it, or for its check.
    const BlockRef* valid_body(const BlockHash& digest, Step& step);
    std::optional<std::string> header_problem(const BlockHeader& header, bool reproposed,
                                              TimePoint now) const;
    void drop_unneeded_bodies();
    void record_evidence(const Vote& second);
    bool empty_block_due(TimePoint now) const;
    std::optional<TimePoint> pace(TimePoint now) const;

    // ---- views (replica_views.cpp)
    void handle(PeerId from, const ViewChange& message, Step& step);
    void handle(PeerId from, const NewView& message, Step& step);
    bool may_leave() const;
    void try_join(Step& step);
    void start_view_change(View view, std::string reason, Step& step);
    void try_new_view(Step& step);
    void enter_view(NewView new_view, const NewViewPlan& plan, Step& step);
    void place_reproposal();

    // ---- repair (replica_sync.cpp)
    void handle(PeerId from, const Status& message, Step& step);
    void handle(PeerId from, const Fetch& message, Step& step);
    void handle(PeerId from, const Body& message, Step& step);
    Status status() const;
    void answer_height(PeerId peer, const Status& theirs, Step& step);
    void answer_view(PeerId peer, const Status& theirs, Step& step);
    void answer_votes(PeerId peer, const Status& theirs, Step& step);
    /// A proof that a later block is final; `from` is set when that peer has it.
    void note_final(std::optional<PeerId> from, const FinalPoint& point, Step& step);
    void catch_up(Step& step);
    void fetch(const BlockHash& digest, Step& step);
    void repeat(Step& step);

    // ---- report (replica_info.cpp)
    struct Progress {
        std::string_view phase;
        std::vector<ValidatorIndex> prepared, committed, view_changes;
        std::vector<ValidatorIndex> missing;  ///< who keeps the phase from ending
    };
    Progress progress() const;

    // ---- inputs and timers (replica.cpp)
    void set_timers(Step& step);
    Duration timeout() const;
    Duration retry_interval() const { return options_.base_timeout / 2; }
    bool behind() const { return certified_.has_value(); }
    bool has_work(TimePoint now) const;
    bool unsettled(TimePoint now) const;
    void blame(PeerId peer, std::string reason, Step& step);

    Sequence next_height() const { return final_.height + 1; }
    bool in_window(Sequence height) const {
        return height > final_.height && height - final_.height <= kWindow;
    }
    View view() const { return votes().view; }
    bool active() const { return votes().active; }
    ValidatorIndex primary() const { return set().primary(view()); }
    bool is_primary() const { return self_ && *self_ == primary(); }
    const ValidatorSet& set() const { return authenticator_.validators(); }
    const NetworkTag& network() const { return authenticator_.network(); }
    const VoteState& votes() const { return vote_log_.state; }
    const Vote* proposal() const { return book_.pre_prepare(view(), next_height()); }

    /// Contradictions kept for the report; each costs its author the protocol's trust once.
    static constexpr size_t kEvidenceMax = 64;
    /// View changes kept for the report.
    static constexpr size_t kHistoryMax = 8;
    /// Blocks that are tried for one digest before the proposal is given up: a block can be
    /// altered on its way without its hash changing (CVE-2012-2459, witnesses), so the first
    /// failure is no proof against the digest; but each trial costs a dry run.
    static constexpr int kTrialsMax = 3;
    /// Peers that are asked for a missing block at once.
    static constexpr int kFetchFanOut = 2;

    // Constant after construction.
    const PbftOptions options_;
    const Authenticator authenticator_;
    const std::optional<ValidatorIndex> self_;
    const BlockHash genesis_;
    const uint32_t bits_;
    LogSink& log_;

    // What must survive a crash.
    VoteLog vote_log_;

    // The chain.
    const HeaderNode* tip_ = nullptr;
    FinalPoint final_;
    TimePoint final_at_{};
    std::optional<FinalPoint> certified_;  ///< the highest proven final block above the tip

    // The height in flight, and votes for the ones after it.
    VoteBook book_;
    std::map<BlockHash, BodyState> bodies_;
    std::map<BlockHash, int> trials_;  ///< failed checks of blocks of this digest
    std::optional<BlockHash> checking_;
    std::optional<BlockHash> building_;  ///< parent
    std::optional<BlockHash> published_;
    bool nothing_to_build_ = false;
    Demand demand_;

    // Views.
    ViewChangeBook view_changes_;
    unsigned unsuccessful_views_ = 0;
    std::deque<ViewRecord> history_;

    // Peers and repair.
    std::map<PeerId, PeerState> peers_;
    PeerId fetch_cursor_{0};
    std::optional<BlockHash> wanted_;
    bool heard_from_beyond_ = false;  ///< somebody votes on heights that we cannot know

    // Timers.
    std::optional<TimePoint> request_deadline_;
    std::optional<TimePoint> repeat_at_;
    std::optional<TimePoint> fetch_at_;
    std::optional<TimePoint> propose_at_;
    std::optional<TimePoint> paced_since_;
    TimePoint idle_status_at_ = kNever;
    TimePoint now_{};  ///< of the last input

    std::vector<Evidence> evidence_;
};

}  // namespace parley::pbft
