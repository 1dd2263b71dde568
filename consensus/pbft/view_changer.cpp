#include "consensus/pbft/view_changer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace parley::pbft {

ViewChanger::ViewChanger(const Setup& setup, VoteLog& vote_log)
    : setup_(setup),
      vote_log_(vote_log),
      known_(setup.set()),
      timer_(setup.options.base_timeout, setup.options.timeout_max) {}

void ViewChanger::begin_height(const Decision& decision, TimePoint now) {
    known_.begin_height(decision.final_point().height);
    timer_.stop();
    if (!setup_.self) return;
    VoteState& state = vote_log_.state;
    if (state.bound_at(decision.height())) {
        if (state.view_change && known_.is_news(*state.view_change)) known_.add(*state.view_change);
        return;
    }
    const auto certificate = decode_seal(decision.final_point().seal);
    const View decided_in = certificate ? certificate->view : 0;
    const View next = state.active ? std::max(state.view, decided_in) : decided_in;
    if (state.active && state.view == next) return;
    setup_.log.info(
        LogCategory::pbft, "Joining view {}, in which block {} was decided; it was {} {}.", next,
        decision.final_point().height, state.active ? "in view" : "waiting for view", state.view);
    note({decision.height(), state.view, next, Cause::decided,
          fmt::format("block {} was decided in it", decision.final_point().height), now});
    state.view = next;
    state.active = true;
    state.view_change.reset();
    if (state.new_view && state.new_view->view != next) state.new_view.reset();
}

std::optional<NewView> ViewChanger::take_early() {
    if (!early_ || early_->view_changes.front().final_point.height > known_.final_height())
        return std::nullopt;
    return std::exchange(early_, std::nullopt);
}

std::string_view to_string(ViewChanger::Cause cause) {
    switch (cause) {
        case ViewChanger::Cause::timer:
            return "timer";
        case ViewChanger::Cause::joined:
            return "joined";
        case ViewChanger::Cause::bad_new_view:
            return "bad new-view";
        case ViewChanger::Cause::new_view:
            return "new-view";
        case ViewChanger::Cause::decided:
            return "decided";
        case ViewChanger::Cause::censorship:
            return "censorship";
    }
    CHECK(false);
}

void ViewChanger::note(Change change) {
    history_.push_back(std::move(change));
    if (history_.size() > kHistoryMax) history_.pop_front();
}

void ViewChanger::take(PeerId from, const ViewChange& message, Step& step) {
    if (!setup_.self) return;
    if (message.view >= kViewMax || message.validator >= setup_.set().size())
        return setup_.blame(from, "a view-change with an invalid validator or view", step);
    if (message.validator == *setup_.self) return guard_own_key(from, message, step);
    // Who is behind, or wants to enter our current view, gets what it lacks when its status asks.
    const Sequence final_height = known_.final_height();
    if (message.final_point.height < final_height) return;
    if (message.final_point.height == final_height &&
        (message.view < view() || (message.view == view() && active())))
        return;
    if (!known_.is_news(message)) return;
    // Its certificates are verified when it is used in a new-view: until then it counts as one
    // validator's request, and costs one signature check.
    if (!setup_.authenticator.verify(message))
        return setup_.blame(from, "a view-change with a bad signature", step);
    known_.add(message);
}

// At one height a replica leaves for ascending views. One for an earlier view that comes back
// proves nothing; nor does one for another height.
void ViewChanger::guard_own_key(PeerId from, const ViewChange& message, Step& step) {
    if (message.final_point.height != known_.final_height() || message.view < view() ||
        known_.final_height() + 1 < vote_log_.state.vote_floor())
        return;
    if (message.view == view()) {
        const auto& own = vote_log_.state.view_change;
        if (!own || content_digest(*own) == content_digest(message)) return;
    }
    if (!setup_.authenticator.verify(message))
        return setup_.blame(from, "a view-change with a bad signature", step);
    if (vote_log_.halt("a view-change", known_.final_height() + 1))
        setup_.log.error(LogCategory::pbft, "{}", *vote_log_.halted());
}

Expected<NewViewPlan, std::string> ViewChanger::accept(PeerId from, const NewView& message,
                                                       Step& step) const {
    if (!setup_.self) return Unexpected(std::string{});
    if (message.view >= kViewMax || message.view == 0) {
        setup_.blame(from, "a new-view with an invalid view", step);
        return Unexpected(std::string{});
    }
    if (message.view < view() || (message.view == view() && active()))
        return Unexpected(std::string{});
    auto plan = verify_new_view(message, setup_.authenticator);
    if (plan) return *plan;
    setup_.blame(from, fmt::format("a bad new-view: {}", to_string(plan.error())), step);
    const bool signed_by_primary =
        plan.error() != NewViewError::not_primary && plan.error() != NewViewError::bad_signature;
    // The primary of the awaited view has proven to be faulty: do not wait for it.
    if (!signed_by_primary || message.view != view()) return Unexpected(std::string{});
    return Unexpected(fmt::format("the new-view was bad: {}", to_string(plan.error())));
}

bool ViewChanger::may_enter(const NewView& message, const NewViewPlan& plan,
                            const Decision& decision) {
    const Sequence final_height = decision.final_point().height;
    if (plan.base.height > final_height) {
        if (!early_ || early_->view <= message.view) early_ = message;
        return false;
    }
    return plan.base.height == final_height || vote_log_.state.vote_floor() < decision.height();
}

bool ViewChanger::may_leave(Sequence height) const {
    if (!setup_.self || vote_log_.halted()) return false;
    const VoteState& state = vote_log_.state;
    if (!state.commit || state.commit->height < height) return true;
    return state.commit->height == height && state.prepared && state.prepared->height == height;
}

void ViewChanger::leave(View new_view, Cause cause, std::string reason, const Decision& decision,
                        Step& step) {
    CHECK(may_leave(decision.height()) && new_view > view() && new_view < kViewMax);
    setup_.log.info(LogCategory::pbft, "Leaving view {} for view {} at height {}: {}.", view(),
                    new_view, decision.height(), reason);
    timer_.view_failed();
    VoteState& state = vote_log_.state;
    note({decision.height(), state.view, new_view, cause, std::move(reason), step.now});
    state.view = new_view;
    state.active = false;
    state.new_view.reset();
    ViewChange message;
    message.view = new_view;
    message.validator = *setup_.self;
    message.final_point = decision.final_point();
    if (state.prepared && state.prepared->height == decision.height())
        message.prepared = state.prepared;
    message.signature = vote_log_.sign(setup_.authenticator.signing_hash(
        MessageType::view_change, new_view, message.final_point.height, content_digest(message)));
    state.view_change = message;
    step.broadcast(message,
                   vote_log_.record(decision.blocks(), decision.final_point().height, step));
    if (known_.is_news(message)) known_.add(message);
}

std::optional<std::pair<NewView, NewViewPlan>> ViewChanger::make_new_view(Decision& decision,
                                                                          TimePoint now) {
    if (!setup_.self || vote_log_.halted() || active() || !is_primary()) return std::nullopt;
    if (known_.count(view()) < setup_.set().quorum()) return std::nullopt;
    std::vector<ViewChange> usable;
    for (ViewChange& view_change : known_.all(view())) {
        if (auto valid = verify_content(view_change, setup_.authenticator); !valid) {
            setup_.log.warning(LogCategory::pbft,
                               "The view-change of validator {} has an invalid proof: {}.",
                               view_change.validator, to_string(valid.error()));
            known_.forget(view_change.validator);
            continue;
        }
        usable.push_back(std::move(view_change));
    }
    if (usable.size() < setup_.set().quorum()) return std::nullopt;
    NewViewPlan plan = plan_new_view(usable);
    NewView message;
    message.view = view();
    message.validator = *setup_.self;
    message.view_changes = std::move(usable);
    if (plan.digest) {
        const auto vote =
            decision.sign(MessageType::pre_prepare, plan.base.height + 1, *plan.digest, now);
        if (!vote) return std::nullopt;
        message.reproposal = Reproposal{vote->height, vote->digest, vote->signature};
        vote_log_.state.accepted = vote;
    }
    message.signature = vote_log_.sign(setup_.authenticator.signing_hash(
        MessageType::new_view, message.view, message.reproposal ? message.reproposal->height : 0,
        content_digest(message)));
    return std::pair{std::move(message), std::move(plan)};
}

void ViewChanger::enter(NewView new_view, const NewViewPlan& plan, Sequence height, TimePoint now) {
    setup_.log.info(LogCategory::pbft, "Entering view {} at height {}; {}.", new_view.view, height,
                    plan.digest ? "block " + plan.digest->to_string() + " is re-proposed"
                                : std::string("no block is re-proposed"));
    VoteState& state = vote_log_.state;
    if (state.view != new_view.view)
        note({height, state.view, new_view.view, Cause::new_view,
              "a quorum wanted this view, and its primary began it", now});
    state.view = new_view.view;
    state.active = true;
    state.view_change.reset();
    state.new_view = std::move(new_view);
}

void ViewChanger::set_timer(bool has_work, TimePoint now) {
    // Section 4.5.2: a replica that leaves a view alone waits, instead of moving through views. Who
    // has gone on to a later view has left this one too: counting only those at this very view
    // would stop the timers of all others when the first one moves on.
    const size_t left =
        setup_.tuning.timer_counts_later_views ? known_.count_from(view()) : known_.count(view());
    const bool waiting = active() ? has_work : left >= setup_.set().quorum();
    timer_.run(waiting && setup_.self && !vote_log_.halted(), now);
}

bool ViewChanger::expired(TimePoint now) {
    const ViewTimer::Reading reading = timer_.read(now);
    if (reading == ViewTimer::Reading::restarted) {
        setup_.log.warning(LogCategory::pbft,
                           "The timer of view {} was read too late: this process stood still. The "
                           "timer starts again.",
                           view());
    }
    return reading == ViewTimer::Reading::expired;
}

}  // namespace parley::pbft
