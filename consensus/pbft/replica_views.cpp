// Replica, part three: leaving a view and entering the next (Castro & Liskov, sections 4.4, 4.5).
#include <fmt/format.h>

#include "base/check.h"
#include "consensus/pbft/replica.h"

namespace parley::pbft {

void Replica::handle(PeerId from, const ViewChange& message, Step& step) {
    if (!self_) return;
    if (message.view >= kViewMax || message.validator >= set().size())
        return blame(from, "a view-change of nobody or to an impossible view", step);
    if (message.validator == *self_) return;
    // Who wants to enter the view that we are in gets its new-view when its status asks for it.
    if (message.view < view() || (message.view == view() && active())) return;
    if (!view_changes_.is_news(message)) return;
    // Its certificates are verified when a new-view is made of it: until then it counts as no
    // more than the wish of one validator, and costs one signature.
    if (!authenticator_.verify(message))
        return blame(from, "a view-change with a bad signature", step);
    view_changes_.add(message);
}

// What a replica prepared belongs into its view-change. One whose chain was set back below what it
// committed to could not put it there in a form that proves itself, so it catches up first.
bool Replica::may_leave() const {
    return self_ && (!votes().commit || votes().commit->height <= next_height());
}

void Replica::try_join(Step& step) {
    if (!may_leave()) return;
    while (const auto view_to_join = view_changes_.view_to_join(view())) {
        start_view_change(*view_to_join, fmt::format("f + 1 validators have left view {}", view()),
                          step);
    }
}

void Replica::start_view_change(View new_view, std::string reason, Step& step) {
    CHECK(may_leave() && new_view > view() && new_view < kViewMax);
    log_.info(LogCategory::pbft, "Leaving view {} for view {} at height {}: {}.", view(), new_view,
              next_height(), reason);
    ++unsuccessful_views_;
    VoteState& state = vote_log_.state;
    state.view = new_view;
    state.active = false;
    state.new_view.reset();
    ViewChange message;
    message.view = new_view;
    message.validator = *self_;
    message.final_point = final_;
    if (state.prepared && state.prepared->height == next_height())
        message.prepared = state.prepared;
    message.signature = vote_log_.sign(authenticator_.signing_hash(
        MessageType::view_change, new_view, final_.height, content_digest(message)));
    state.view_change = message;
    step.broadcast(message, record(step));
    if (view_changes_.is_news(message)) view_changes_.add(message);
    request_deadline_.reset();
    repeat_at_.reset();
    building_.reset();
    history_.push_back(ViewRecord{new_view, std::move(reason), step.now});
    if (history_.size() > kHistoryMax) history_.pop_front();
}

void Replica::try_new_view(Step& step) {
    if (!self_ || active() || !is_primary()) return;
    if (view_changes_.count(view()) < set().quorum()) return;
    std::vector<ViewChange> usable;
    for (ViewChange& view_change : view_changes_.all(view())) {
        if (auto valid = verify_content(view_change, authenticator_); !valid) {
            log_.warning(LogCategory::pbft, "The view-change of validator {} proves nothing: {}.",
                         view_change.validator, to_string(valid.error()));
            view_changes_.forget(view_change.validator);
            continue;
        }
        usable.push_back(std::move(view_change));
    }
    if (usable.size() < set().quorum()) return;
    const NewViewPlan plan = plan_new_view(usable);
    NewView message;
    message.view = view();
    message.validator = *self_;
    message.view_changes = std::move(usable);
    if (plan.digest) {
        const auto vote = sign(MessageType::pre_prepare, plan.base.height + 1, *plan.digest);
        if (!vote) return;
        message.reproposal = Reproposal{vote->height, vote->digest, vote->signature};
        vote_log_.state.accepted = vote;
    }
    message.signature = vote_log_.sign(authenticator_.signing_hash(
        MessageType::new_view, message.view, message.reproposal ? message.reproposal->height : 0,
        content_digest(message)));
    enter_view(std::move(message), plan, step);
    step.broadcast(*votes().new_view, record(step));
}

void Replica::handle(PeerId from, const NewView& message, Step& step) {
    if (!self_) return;
    if (message.view >= kViewMax || message.view == 0)
        return blame(from, "a new-view of an impossible view", step);
    if (message.view < view() || (message.view == view() && active())) return;
    const auto plan = verify_new_view(message, authenticator_);
    if (plan) return enter_view(message, *plan, step);
    blame(from, fmt::format("a bad new-view: {}", to_string(plan.error())), step);
    const bool signed_by_primary =
        plan.error() != NewViewError::not_primary && plan.error() != NewViewError::bad_signature;
    // The primary of the view that we wait for has shown that it is faulty: no use in waiting.
    if (signed_by_primary && message.view == view() && view() + 1 < kViewMax && may_leave())
        start_view_change(view() + 1,
                          fmt::format("the new-view was bad: {}", to_string(plan.error())), step);
}

void Replica::enter_view(NewView new_view, const NewViewPlan& plan, Step& step) {
    log_.info(LogCategory::pbft, "Entering view {} at height {}; {}.", new_view.view, next_height(),
              plan.digest ? "block " + plan.digest->to_string() + " is proposed again"
                          : std::string("no block is proposed again"));
    VoteState& state = vote_log_.state;
    state.view = new_view.view;
    state.active = true;
    state.view_change.reset();
    state.new_view = std::move(new_view);
    repeat_at_.reset();
    building_.reset();
    nothing_to_build_ = false;
    trials_.clear();
    book_.forget_pre_prepares_below(view());
    place_reproposal();
    drop_unneeded_bodies();
    note_final(std::nullopt, plan.base, step);
}

void Replica::place_reproposal() {
    const auto& new_view = votes().new_view;
    if (!self_ || !active() || !new_view || !new_view->reproposal) return;
    const Vote vote = reproposal_vote(*new_view);
    if (!in_window(vote.height)) return;
    const VoteBook::Place place = book_.place(vote);
    if (place == VoteBook::Place::duplicate) return;
    if (place == VoteBook::Place::conflict) record_evidence(vote);
    book_.replace(vote);
}

}  // namespace parley::pbft
