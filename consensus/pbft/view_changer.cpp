#include "consensus/pbft/view_changer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace parley::pbft {

ViewChanger::ViewChanger(const Setup& setup, VoteLog& vote_log)
    : setup_(setup), vote_log_(vote_log), known_(setup.set()) {}

void ViewChanger::restore() {
    if (const auto& own = vote_log_.state.view_change) known_.add(*own);
}

Duration ViewChanger::timeout() const {
    const PbftOptions& options = setup_.options;
    Duration result = options.base_timeout;
    for (unsigned i = 0; i < unsuccessful_views_ && result < options.timeout_max; ++i) result *= 2;
    return std::min(result, options.timeout_max);
}

void ViewChanger::take(PeerId from, const ViewChange& message, Step& step) {
    if (!setup_.self) return;
    if (message.view >= kViewMax || message.validator >= setup_.set().size())
        return setup_.blame(from, "a view-change with an invalid validator or view", step);
    if (message.validator == *setup_.self) return;
    // A replica that wants to enter our current view gets its new-view when its status asks for it.
    if (message.view < view() || (message.view == view() && active())) return;
    if (!known_.is_news(message)) return;
    // Its certificates are verified when it is used in a new-view: until then it counts as one
    // validator's request, and costs one signature check.
    if (!setup_.authenticator.verify(message))
        return setup_.blame(from, "a view-change with a bad signature", step);
    known_.add(message);
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

bool ViewChanger::may_leave(Sequence height) const {
    const auto& commit = vote_log_.state.commit;
    return setup_.self && (!commit || commit->height <= height);
}

void ViewChanger::leave(View new_view, std::string reason, const Decision& decision, Step& step) {
    CHECK(may_leave(decision.height()) && new_view > view() && new_view < kViewMax);
    setup_.log.info(LogCategory::pbft, "Leaving view {} for view {} at height {}: {}.", view(),
                    new_view, decision.height(), reason);
    ++unsuccessful_views_;
    VoteState& state = vote_log_.state;
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
    deadline_.reset();
    history_.push_back(Left{new_view, std::move(reason), step.now});
    if (history_.size() > kHistoryMax) history_.pop_front();
}

std::optional<std::pair<NewView, NewViewPlan>> ViewChanger::make_new_view(Decision& decision) {
    if (!setup_.self || active() || !is_primary()) return std::nullopt;
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
            decision.sign(MessageType::pre_prepare, plan.base.height + 1, *plan.digest);
        if (!vote) return std::nullopt;
        message.reproposal = Reproposal{vote->height, vote->digest, vote->signature};
        vote_log_.state.accepted = vote;
    }
    message.signature = vote_log_.sign(setup_.authenticator.signing_hash(
        MessageType::new_view, message.view, message.reproposal ? message.reproposal->height : 0,
        content_digest(message)));
    return std::pair{std::move(message), std::move(plan)};
}

void ViewChanger::enter(NewView new_view, const NewViewPlan& plan, Sequence height) {
    setup_.log.info(LogCategory::pbft, "Entering view {} at height {}; {}.", new_view.view, height,
                    plan.digest ? "block " + plan.digest->to_string() + " is re-proposed"
                                : std::string("no block is re-proposed"));
    VoteState& state = vote_log_.state;
    state.view = new_view.view;
    state.active = true;
    state.view_change.reset();
    state.new_view = std::move(new_view);
}

void ViewChanger::succeeded() {
    unsuccessful_views_ = 0;
    deadline_.reset();
}

void ViewChanger::set_timer(bool waiting, TimePoint now) {
    if (!waiting) {
        deadline_.reset();
    } else if (!deadline_) {
        deadline_ = now + timeout();
    }
}

}  // namespace parley::pbft
