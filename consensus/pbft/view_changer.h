// ViewChanger: when and how this replica leaves a view, and how the next primary turns view-changes
// into a new-view (Castro & Liskov, sections 4.4 and 4.5). What view-changes imply is in
// view_change.h. Owned by the replica; core thread only.
//
// A replica whose timer expires, or that sees f + 1 others leave the view, sends a view-change and
// stops participating in the old view. With a quorum of view-changes, the new primary sends the
// new-view. The new view's timer starts with that quorum, and runs twice as long as before.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "consensus/pbft/decision.h"
#include "consensus/pbft/setup.h"
#include "consensus/pbft/view_change.h"
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

class ViewChanger {
 public:
    struct Left {
        View view = 0;  ///< the view to enter
        std::string reason;
        TimePoint when{};
    };

    /// Borrows both arguments.
    ViewChanger(const Setup& setup, VoteLog& vote_log);
    ViewChanger(const ViewChanger&) = delete;
    ViewChanger& operator=(const ViewChanger&) = delete;

    /// After a start: restores its own view-change from the vote log.
    void restore();

    View view() const { return vote_log_.state.view; }
    /// False: waiting for this view's new-view.
    bool active() const { return vote_log_.state.active; }
    ValidatorIndex primary() const { return setup_.set().primary(view()); }
    bool is_primary() const { return setup_.self && *setup_.self == primary(); }
    const ViewChangeBook& known() const { return known_; }
    const std::deque<Left>& history() const { return history_; }
    unsigned unsuccessful_views() const { return unsuccessful_views_; }
    /// How long a view may last without progress: doubled for each view that made none.
    Duration timeout() const;
    /// When the current view will be left for lack of progress.
    const std::optional<TimePoint>& deadline() const { return deadline_; }

    void take(PeerId from, const ViewChange& message, Step& step);
    /// Whether `message` starts a view that this replica can enter. If not, and its primary is
    /// faulty, the error is the reason for leaving the view that this replica waits for; otherwise
    /// it is empty.
    Expected<NewViewPlan, std::string> accept(PeerId from, const NewView& message,
                                              Step& step) const;

    /// Whether a view-change can be made. It must contain what this replica prepared; a replica
    /// whose chain was reset below a height that it committed to has no proof of that, and must
    /// catch up first.
    bool may_leave(Sequence height) const;
    std::optional<View> view_to_join() const { return known_.view_to_join(view()); }
    /// REQUIRES: may_leave(decision.height()), and `new_view` is above the current view.
    void leave(View new_view, std::string reason, const Decision& decision, Step& step);
    /// As the primary of the awaited view: the signed new-view to enter and to send, once a quorum
    /// of view-changes is known.
    std::optional<std::pair<NewView, NewViewPlan>> make_new_view(Decision& decision);
    void enter(NewView new_view, const NewViewPlan& plan, Sequence height);

    /// A height became final: the view makes progress.
    void succeeded();
    /// Runs the timer while the replica waits for a block or a new-view.
    void set_timer(bool waiting, TimePoint now);
    void stop_timer() { deadline_.reset(); }

 private:
    /// View changes kept for reports.
    static constexpr size_t kHistoryMax = 8;

    const Setup& setup_;
    VoteLog& vote_log_;
    ViewChangeBook known_;
    unsigned unsuccessful_views_ = 0;
    std::deque<Left> history_;
    std::optional<TimePoint> deadline_;
};

}  // namespace parley::pbft
