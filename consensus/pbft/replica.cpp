#include "consensus/pbft/replica.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace parley::pbft {
namespace {

EngineReport::List report_history(const std::deque<ViewChanger::Change>& history) {
    EngineReport::List list;
    for (const ViewChanger::Change& change : history)
        list.push_back(EngineReport::Object{{"height", change.height},
                                            {"from_view", change.from},
                                            {"to_view", change.to},
                                            {"time", to_unix_seconds(change.when)},
                                            {"cause", to_string(change.cause)},
                                            {"reason", change.reason}});
    return list;
}

EngineReport::List report_absent(const std::vector<Attendance::Absent>& absent) {
    EngineReport::List list;
    for (const auto& [validator, height, since] : absent)
        list.push_back(EngineReport::Object{
            {"validator", validator},
            {"last_height", height},
            {"since", since ? EngineReport{to_unix_seconds(*since)} : EngineReport{}}});
    return list;
}

EngineReport::List report_evidence(const std::vector<Evidence>& evidence) {
    EngineReport::List list;
    for (const Evidence& each : evidence) {
        Writer writer;
        writer.u8(static_cast<uint8_t>(each.first.type));
        write_vote(writer, each.first);
        write_vote(writer, each.second);
        list.push_back(EngineReport::Object{{"validator", each.first.validator},
                                            {"height", each.first.height},
                                            {"view", each.first.view},
                                            {"votes", to_hex(writer.data())}});
    }
    return list;
}

}  // namespace

Replica::Replica(PbftOptions options, const ChainParams& chain, ValidatorSet validators,
                 LogSink& log, Tuning tuning)
    : setup_(std::move(options), chain, std::move(validators), log, tuning),
      vote_log_(setup_.self.value_or(0), setup_.options.key, setup_.authenticator),
      evidence_(log),
      attendance_(setup_.set().size()),
      views_(setup_, vote_log_),
      repair_(setup_),
      censorship_(setup_.options.base_timeout) {
    CHECK(setup_.self.has_value() == setup_.options.key.has_value());
    if (setup_.options.relay) relay_.emplace(setup_);
}

Expected<void, std::string> Replica::restore(const Storage& storage) {
    CHECK(decision_ == nullptr);
    if (!setup_.self) return {};
    auto loaded = VoteLog::load(storage, *setup_.self, setup_.options.key, setup_.authenticator);
    if (!loaded) {
        setup_.log.error(LogCategory::pbft, "{}.", loaded.error());
        return Unexpected(loaded.error());
    }
    vote_log_ = std::move(*loaded);
    return {};
}

Expected<std::optional<Score>, HeaderError> Replica::verify_header(const BlockHeader& header,
                                                                   const BlockHash& hash,
                                                                   ByteSpan seal,
                                                                   const HeaderNode& parent) const {
    if (header.bits != setup_.bits)
        return Unexpected(HeaderError{"bad-diffbits", "every block carries the limit's bits"});
    if (header.nonce != 0) return Unexpected(HeaderError{"bad-nonce", "no block has a nonce"});
    if (seal.empty()) return std::optional<Score>{};
    const FinalPoint point{static_cast<Sequence>(parent.height.value()) + 1, hash, to_bytes(seal)};
    if (auto valid = setup_.authenticator.verify_final(point); !valid)
        return Unexpected(HeaderError{"bad-pbft-seal", std::string(to_string(valid.error()))});
    if (!parent.score) return std::optional<Score>{};
    return std::optional<Score>{*parent.score + 1};
}

int64_t Replica::time_min(const HeaderNode& parent) const {
    return parent.median_time_past();
}

Score Replica::genesis_score(const BlockHeader&) const {
    return Score{0};
}

uint32_t Replica::next_bits(const HeaderNode&, int64_t) const {
    return setup_.bits;
}

EngineOutputs Replica::handle(const EngineInput& input, TimePoint now) {
    CHECK(decision_ != nullptr || std::holds_alternative<engine_input::Started>(input));
    Step step(now, setup_.network());
    now_ = now;
    std::visit([&](const auto& each) { take(each, step); }, input);
    // What the mempool dropped because of a new tip is still in the demand; the next one tells.
    if (!std::holds_alternative<engine_input::TipChanged>(input)) complain(step);
    advance(step);
    return step.take_outputs();
}

void Replica::take(const engine_input::Started& input, Step& step) {
    CHECK(decision_ == nullptr);
    repair_.start(step.now);
    begin_height(*input.tip, Decision::Early(setup_.set()), step);
    for (const std::string& warning : warnings())
        setup_.log.warning(LogCategory::pbft, "{}", warning);
    if (!setup_.self) return;
    decision_->restore();
    if (!vote_log_.found()) {
        // From now on, a missing record means that votes may have been forgotten.
        [[maybe_unused]] const Recorded recorded =
            vote_log_.record(decision_->blocks(), decision_->final_point().height, step);
    } else if (setup_.options.new_record) {
        setup_.log.warning(LogCategory::pbft,
                           "-pbftnewrecord has no effect, because there is a record of this "
                           "validator's votes. Remove the option.");
    }
    setup_.log.info(LogCategory::pbft, "Validator {} of {} starts in view {} at height {}.",
                    *setup_.self, setup_.set().size(), views_.view(), decision_->height());
}

void Replica::begin_height(const HeaderNode& tip, Decision::Early early, Step& step) {
    decision_ = std::make_unique<Decision>(setup_, vote_log_, repair_, evidence_, attendance_, tip,
                                           step.now, std::move(early));
    const FinalPoint& final_point = decision_->final_point();
    if (final_point.height > 0) step.emit<engine_output::Finalize>(final_point.digest);
    views_.begin_height(*decision_, step.now);
    if (relay_) relay_->begin_height(final_point, step);
}

void Replica::take(const engine_input::TipChanged& input, Step& step) {
    const auto height = static_cast<Sequence>(input.tip->height.value());
    // A final block never leaves the chain; the chainstate guards that.
    CHECK(height >= decision_->final_point().height);
    if (height == decision_->final_point().height) return;
    // A block that this replica did not see in votes says nothing about the primary.
    if (const BlockRef block = decision_->valid_block(input.tip->hash)) censorship_.decided(*block);
    repair_.height_decided(height);
    begin_height(*input.tip, decision_->take_early(), step);
    decision_->succeed();
    views_.succeeded();
    if (const auto early = views_.take_early()) take(kNoPeer, *early, step);
}

void Replica::take(const engine_input::DemandChanged& input, Step& step) {
    demand_ = input.demand;
    censorship_.waiting(demand_.oldest, step.now);
    decision_->demand_changed();
}

void Replica::take(const engine_input::PeerMessage& input, Step& step) {
    const auto decoded = decode_message(input.message, setup_.network());
    if (!decoded)
        return setup_.blame(
            input.from,
            fmt::format("an engine message that is {} (validator set here: {})",
                        to_string(decoded.error()), to_hex(setup_.set().id().span())),
            step);
    take(input.from, *decoded, step);
    if (relay_) relay_->take(input.from, *decoded, input.message, step);
}

void Replica::take(PeerId from, const Message& message, Step& step) {
    if (const auto* vote = std::get_if<Vote>(&message)) {
        decision_->take(from, *vote, step);
    } else if (const auto* pre_prepare = std::get_if<PrePrepare>(&message)) {
        decision_->take(from, *pre_prepare, step);
    } else if (const auto* view_change = std::get_if<ViewChange>(&message)) {
        views_.take(from, *view_change, step);
    } else if (const auto* new_view = std::get_if<NewView>(&message)) {
        take(from, *new_view, step);
    } else if (const auto* status = std::get_if<Status>(&message)) {
        repair_.take(from, *status, standing(), step);
    } else if (const auto* fetch = std::get_if<Fetch>(&message)) {
        repair_.take(from, *fetch, *decision_, step);
    } else {
        repair_.take(from, std::get<Body>(message), *decision_, step);
    }
}

void Replica::take(PeerId from, const NewView& message, Step& step) {
    const auto plan = views_.accept(from, message, step);
    if (plan) {
        repair_.note_final(std::nullopt, plan->base, decision_->final_point(), step);
        if (views_.may_enter(message, *plan, *decision_)) enter_view(message, *plan);
        return;
    }
    if (!plan.error().empty() && views_.view() + 1 < kViewMax &&
        views_.may_leave(decision_->height()))
        leave_view(views_.view() + 1, ViewChanger::Cause::bad_new_view, plan.error(), step);
}

void Replica::take(const engine_input::PeerReady& input, Step& step) {
    repair_.peer_ready(input.peer, standing(), step);
}

void Replica::take(const engine_input::PeerGone& input, Step&) {
    repair_.peer_gone(input.peer);
    if (relay_) relay_->peer_gone(input.peer);
}

void Replica::take(const engine_input::ProposalBuilt& input, Step& step) {
    decision_->take(input, step);
}

void Replica::take(const engine_input::ProposalChecked& input, Step& step) {
    if (relay_) relay_->take(input, step);
    decision_->take(input, step);
}

void Replica::take(const engine_input::TimerDue&, Step& step) {
    repair_.send_idle_status(standing(), step);
    if (views_.expired(step.now)) give_up_view(step);
    repair_.take_time(standing(), step);
}

// Leaving a view stops its timer, so each view logs this once.
void Replica::give_up_view(Step& step) {
    const View view = views_.view();
    setup_.log.warning(
        LogCategory::pbft, "Height {} stalled in view {} after {} ms: {}.", decision_->height(),
        view,
        std::chrono::duration_cast<std::chrono::milliseconds>(views_.timer().timeout()).count(),
        describe_awaited(progress()));
    if (view + 1 >= kViewMax || !views_.may_leave(decision_->height())) return;
    leave_view(
        view + 1, ViewChanger::Cause::timer,
        fmt::format("no {} from validator {} in time",
                    views_.active() ? fmt::format("block {}", decision_->height()) : "new-view",
                    views_.primary()),
        step);
}

void Replica::complain(Step& step) {
    const View view = views_.view();
    if (!setup_.self || !views_.active() || repair_.behind()) return;
    censorship_.in_view(view, step.now);
    // As the primary, this replica orders what it can.
    if (views_.is_primary() || view + 1 >= kViewMax || !views_.may_leave(decision_->height()))
        return;
    const auto& complaint = censorship_.complain(step.now);
    if (!complaint) return;
    leave_view(view + 1, ViewChanger::Cause::censorship,
               fmt::format("validator {} has not ordered transaction {} in {} blocks with room",
                           views_.primary(), complaint->txid.to_string(), complaint->blocks),
               step);
}

void Replica::leave_view(View view, ViewChanger::Cause cause, std::string reason, Step& step) {
    views_.leave(view, cause, std::move(reason), *decision_, step);
    repair_.restart_timer();
    decision_->view_changed();
}

void Replica::enter_view(NewView new_view, const NewViewPlan& plan) {
    views_.enter(std::move(new_view), plan, decision_->height(), now_);
    repair_.restart_timer();
    decision_->view_changed();
}

void Replica::advance(Step& step) {
    while (views_.may_leave(decision_->height())) {
        const auto view = views_.view_to_join();
        if (!view) break;
        leave_view(*view, ViewChanger::Cause::joined,
                   fmt::format("f + 1 validators have left view {}", views_.view()), step);
    }
    if (auto made = views_.make_new_view(*decision_, step.now)) {
        enter_view(std::move(made->first), made->second);
        step.broadcast(
            *vote_log_.state.new_view,
            vote_log_.record(decision_->blocks(), decision_->final_point().height, step));
    }
    decision_->advance(demand_, step);
    set_timers(step);
}

void Replica::set_timers(Step& step) {
    const bool active = setup_.self && views_.active();
    const bool has_work = decision_->has_work(demand_, step.now);
    // A replica that lacks final blocks has no reason to suspect the primary.
    views_.set_timer(has_work && !repair_.behind() && views_.may_leave(decision_->height()),
                     step.now);
    const bool voting = setup_.self && (!active || repair_.heard_from_beyond() || has_work ||
                                        decision_->votes().has_votes(decision_->height()));
    repair_.set_timer(repair_.behind() || voting, step.now);
}

std::optional<TimePoint> Replica::next_deadline() const {
    if (decision_ == nullptr) return std::nullopt;
    const TimePoint first = std::min({repair_.next_deadline(), decision_->next_deadline(now_),
                                      views_.timer().deadline().value_or(kNever)});
    if (first == kNever) return std::nullopt;
    return first;
}

Progress Replica::progress() const {
    return progress_of(setup_, standing(), repair_, demand_, now_);
}

std::vector<std::string> Replica::warnings() const {
    std::vector<std::string> result;
    if (setup_.set().faults() == 0)
        result.push_back(fmt::format(
            "The {} PBFT validator(s) of this network tolerate no Byzantine fault: one validator "
            "that is compromised, or whose key is used twice, can fork the chain. Use at least 4 "
            "validators.",
            setup_.set().size()));
    if (vote_log_.halted()) result.push_back(*vote_log_.halted());
    return result;
}

std::optional<std::string> Replica::start_problem(const HeaderNode& tip) const {
    if (!setup_.self || vote_log_.found() || setup_.options.new_record || tip.height == Height{0})
        return std::nullopt;
    return fmt::format(
        "This data directory has {} blocks, but no record of the votes of validator {}. A "
        "validator that has forgotten its votes could vote twice. If its key has voted before, "
        "restore the "
        "latest copy of this validator's own data directory, or retire the key and start without "
        "-pbftkey. If the key has never voted, start once with -pbftnewrecord.",
        tip.height.value(), *setup_.self);
}

EngineReport::Object Replica::report() const {
    using std::chrono::milliseconds;
    const Sequence final_height = decision_->final_point().height;
    const Vote* pre_prepare = decision_->proposal();
    const Progress progress = this->progress();
    EngineReport timer;
    if (const auto& deadline = views_.timer().deadline())
        timer =
            std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(*deadline - now_));
    return {
        {"role", !setup_.self          ? "observer"
                 : views_.is_primary() ? "primary"
                                       : "backup"},
        {"validator", setup_.self ? EngineReport{*setup_.self} : EngineReport{}},
        {"view", views_.view()},
        {"height", decision_->height()},
        {"primary", views_.primary()},
        {"phase", progress.phase},
        {"halted", vote_log_.halted() ? EngineReport{*vote_log_.halted()} : EngineReport{}},
        {"validator_set", to_hex(setup_.set().id().span())},
        {"n", setup_.set().size()},
        {"f", setup_.set().faults()},
        {"quorum", setup_.set().quorum()},
        {"watermarks", EngineReport::List{final_height, final_height + kWindow}},
        {"proposal", pre_prepare ? EngineReport{pre_prepare->digest.to_string()} : EngineReport{}},
        {"prepared", list_of(progress.prepared)},
        {"committed", list_of(progress.committed)},
        {"view_changes", list_of(progress.view_changes)},
        {"missing", list_of(progress.missing)},
        {"waiting_for", report_awaited(progress)},
        {"not_voting", report_absent(attendance_.absent(final_height, setup_.set().quorum()))},
        {"timer", timer},
        {"timeout", std::chrono::duration_cast<milliseconds>(views_.timer().timeout())},
        {"unsuccessful_views", views_.timer().unsuccessful_views()},
        {"certified_height", repair_.certified() ? repair_.certified()->height : final_height},
        {"complaint", censorship_.complaint()
                          ? EngineReport{censorship_.complaint()->txid.to_string()}
                          : EngineReport{}},
        {"last_view_changes", report_history(views_.history())},
        {"evidence", report_evidence(evidence_.all())},
    };
}

}  // namespace parley::pbft
