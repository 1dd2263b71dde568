// Replica: the PBFT state machine of one node. It consists of the decision of the height in flight
// (decision.h), view changes (view_changer.h), repair of losses (repair.h), and the state that must
// survive a crash (vote_log.h). It passes the engine's inputs to these parts, then advances
// everything that has become possible. One height is in flight at a time, the one after the last
// final block. It neither validates transactions nor transfers final blocks. Created by
// make_pbft_engine(); core thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "chain/rules/params.h"
#include "consensus/engine.h"
#include "consensus/pbft/censorship_watch.h"
#include "consensus/pbft/decision.h"
#include "consensus/pbft/pbft_engine.h"
#include "consensus/pbft/relay.h"
#include "consensus/pbft/repair.h"
#include "consensus/pbft/report/progress.h"
#include "consensus/pbft/setup.h"
#include "consensus/pbft/view_changer.h"
#include "consensus/pbft/vote_book.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

inline constexpr std::string_view kEngineName = "pbft";

class Replica final : public Engine {
 public:
    /// REQUIRES: the key in `options`, if any, is a validator's.
    Replica(PbftOptions options, const ChainParams& chain, ValidatorSet validators, LogSink& log,
            Tuning tuning = {});
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    /// Call before the first input. The error is a sentence.
    Expected<void, std::string> restore(const Storage& storage);

    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const override;
    /// Blocks of one second may carry the same time (ADR 0009).
    int64_t time_min(const HeaderNode& parent) const override;
    Score genesis_score(const BlockHeader& genesis) const override;
    uint32_t next_bits(const HeaderNode& parent, int64_t time) const override;

    std::string name() const override { return std::string{kEngineName}; }
    Finality finality() const override { return Finality::absolute; }
    EngineReport::Object report() const override;
    std::vector<std::string> warnings() const override;
    std::optional<std::string> start_problem(const HeaderNode& tip) const override;

    EngineOutputs handle(const EngineInput& input, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override;

    /// Conflicting votes seen in this run; the first ones, up to a limit.
    const std::vector<Evidence>& evidence() const { return evidence_.all(); }

 private:
    friend class ReplicaDigest;  // of tests: reads everything

    void take(const engine_input::Started& input, Step& step);
    void take(const engine_input::TipChanged& input, Step& step);
    void take(const engine_input::DemandChanged& input, Step& step);
    void take(const engine_input::PeerMessage& input, Step& step);
    void take(const engine_input::PeerReady& input, Step& step);
    void take(const engine_input::PeerGone& input, Step& step);
    void take(const engine_input::TimerDue& input, Step& step);
    void take(const engine_input::ProposalBuilt& input, Step& step);
    void take(const engine_input::ProposalChecked& input, Step& step);
    void take(PeerId from, const Message& message, Step& step);
    void take(PeerId from, const NewView& message, Step& step);

    /// Makes the height after `tip` the one in flight.
    void begin_height(const HeaderNode& tip, Decision::Early early, Step& step);
    void leave_view(View view, ViewChanger::Cause cause, std::string reason, Step& step);
    void enter_view(NewView new_view, const NewViewPlan& plan);
    /// Does everything that is now possible. Called at the end of every input.
    void advance(Step& step);
    void set_timers(Step& step);
    /// Leaves the view if its primary ignores a transaction.
    void complain(Step& step);
    /// The time of the view is over.
    void give_up_view(Step& step);
    Standing standing() const { return {*decision_, views_, vote_log_}; }

    Progress progress() const;

    // In order of dependency.
    const Setup setup_;
    VoteLog vote_log_;
    EvidenceList evidence_;
    Attendance attendance_;
    ViewChanger views_;
    Repair repair_;
    std::optional<Relay> relay_;          ///< only with -pbftrelay
    std::unique_ptr<Decision> decision_;  ///< set by the first input
    Demand demand_;
    CensorshipWatch censorship_;
    TimePoint now_{};  ///< of the last input
};

}  // namespace parley::pbft
