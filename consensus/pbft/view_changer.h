// ViewChanger: when and how this replica leaves a view, and how the next primary turns view-changes
// into a new-view (Castro & Liskov, sections 4.4 and 4.5). What view-changes imply is in
// view_change.h. Owned by the replica; core thread only.
//
// A replica whose timer expires, or that sees f + 1 others leave the view, sends a view-change and
// stops participating in the old view. With a quorum of view-changes, the new primary sends the
// new-view. The timer of the awaited view runs, twice as long as before, from the moment when a
// quorum has left all views below it.
//
// A view-change binds its sender at one height. A replica that left a view alone is back as soon as
// the others have decided that height: the seal proves the view in which they did. ADR 0008 has the
// reasons, and the invariant of the timer.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "consensus/pbft/decision.h"
#include "consensus/pbft/setup.h"
#include "consensus/pbft/view_change.h"
#include "consensus/pbft/view_timer.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

class ViewChanger {
 public:
    enum class Cause : uint8_t {
        timer,         ///< the view's time was over
        joined,        ///< f + 1 others had left the view
        bad_new_view,  ///< the new-view was invalid
        new_view,      ///< a valid new-view for a view that this replica did not wait for
        decided,       ///< a block was decided in another view
        censorship,    ///< the primary ignored a transaction
    };
    /// For reports. `to` is the view that this replica entered or waits for.
    struct Change {
        Sequence height = 0;
        View from = 0;
        View to = 0;
        Cause cause = Cause::timer;
        std::string reason;
        TimePoint when{};
    };

    /// Borrows both arguments.
    ViewChanger(const Setup& setup, VoteLog& vote_log);
    ViewChanger(const ViewChanger&) = delete;
    ViewChanger& operator=(const ViewChanger&) = delete;

    /// The height of `decision` is in flight from now on. Chooses the view to be in, unless this
    /// replica has signed something at that height: the highest one it has proof of.
    void begin_height(const Decision& decision, TimePoint now);
    /// A valid new-view for this height that arrived before the height began.
    std::optional<NewView> take_early();

    View view() const { return vote_log_.state.view; }
    /// False: waiting for this view's new-view.
    bool active() const { return vote_log_.state.active; }
    ValidatorIndex primary() const { return setup_.set().primary(view()); }
    bool is_primary() const { return setup_.self && *setup_.self == primary(); }
    const ViewChangeBook& known() const { return known_; }
    const std::deque<Change>& history() const { return history_; }
    const ViewTimer& timer() const { return timer_; }

    void take(PeerId from, const ViewChange& message, Step& step);
    /// Whether `message` is a valid new-view for a view that this replica has not entered or left.
    /// If not, and its primary is faulty, the error is the reason for leaving the view that this
    /// replica waits for; otherwise it is empty.
    Expected<NewViewPlan, std::string> accept(PeerId from, const NewView& message,
                                              Step& step) const;
    /// Whether this replica may enter the view now. A new-view for an earlier height says nothing
    /// about this one: it is good only for who has signed nothing at this height. One for a later
    /// height is kept until that height begins.
    bool may_enter(const NewView& message, const NewViewPlan& plan, const Decision& decision);

    /// Whether a view-change can be made. It must contain what this replica prepared; a replica
    /// whose chain was reset below a height that it committed to has no proof of that, and must
    /// catch up first.
    bool may_leave(Sequence height) const;
    std::optional<View> view_to_join() const { return known_.view_to_join(view()); }
    /// REQUIRES: may_leave(decision.height()), and `new_view` is above the current view.
    void leave(View new_view, Cause cause, std::string reason, const Decision& decision,
               Step& step);
    /// As the primary of the awaited view: the signed new-view to enter and to send, once a quorum
    /// of view-changes is known.
    std::optional<std::pair<NewView, NewViewPlan>> make_new_view(Decision& decision, TimePoint now);
    void enter(NewView new_view, const NewViewPlan& plan, Sequence height, TimePoint now);

    /// A height became final: the view makes progress.
    void succeeded() { timer_.succeeded(); }
    /// Runs the timer while the replica waits for a block (`has_work`), or for a new-view that can
    /// come: a quorum has left the views below.
    void set_timer(bool has_work, TimePoint now);
    /// Whether the view is to be left because its time is over.
    bool expired(TimePoint now);

 private:
    friend class ReplicaDigest;  // of tests: reads everything

    /// View changes kept for reports: more than one round of the primaries of most networks.
    static constexpr size_t kHistoryMax = 16;

    void note(Change change);
    /// Stops voting if `message`, which has this replica's index, was signed by another process.
    void guard_own_key(PeerId from, const ViewChange& message, Step& step);

    const Setup& setup_;
    VoteLog& vote_log_;
    ViewChangeBook known_;
    ViewTimer timer_;
    std::deque<Change> history_;
    std::optional<NewView> early_;
};

std::string_view to_string(ViewChanger::Cause cause);

}  // namespace parley::pbft
