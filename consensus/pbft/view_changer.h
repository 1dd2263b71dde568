// ViewChanger: when and how this replica leaves a view, and what the primary of the next one makes
// of the view-changes (Castro & Liskov, sections 4.4 and 4.5). Which view-changes oblige to what is
// in view_change.h. Owned by the replica; core thread only.
//
// A replica whose timer runs out, or that sees f + 1 others leave, sends a view-change and takes no
// further part in the old view. With a quorum of them the new primary sends the new-view. The timer
// of the new view starts with that quorum, twice as long as before.
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
        View view = 0;  ///< the one that it wants to enter
        std::string reason;
        TimePoint when{};
    };

    /// Borrows all.
    ViewChanger(const Setup& setup, VoteLog& vote_log);
    ViewChanger(const ViewChanger&) = delete;
    ViewChanger& operator=(const ViewChanger&) = delete;

    /// After a start: its own view-change, which the vote log remembers.
    void restore();

    View view() const { return vote_log_.state.view; }
    /// False: it waits for this view's new-view.
    bool active() const { return vote_log_.state.active; }
    ValidatorIndex primary() const { return setup_.set().primary(view()); }
    bool is_primary() const { return setup_.self && *setup_.self == primary(); }
    const ViewChangeBook& known() const { return known_; }
    const std::deque<Left>& history() const { return history_; }
    unsigned unsuccessful_views() const { return unsuccessful_views_; }
    /// How long a view may last without progress: doubled with each that had none.
    Duration timeout() const;
    /// When the view is left for want of progress.
    const std::optional<TimePoint>& deadline() const { return deadline_; }

    void take(PeerId from, const ViewChange& message, Step& step);
    /// Whether `message` starts a view that this replica can enter. The error is the reason to
    /// leave the view that it waits for, whose primary is faulty; empty: there is none.
    Expected<NewViewPlan, std::string> accept(PeerId from, const NewView& message,
                                              Step& step) const;

    /// What a replica prepared belongs into its view-change. One whose chain was set back below
    /// what it committed to could not put it there in a form that proves itself, so it catches up
    /// first.
    bool may_leave(Sequence height) const;
    std::optional<View> view_to_join() const { return known_.view_to_join(view()); }
    /// REQUIRES: may_leave(decision.height()), and the view is a later one.
    void leave(View new_view, std::string reason, const Decision& decision, Step& step);
    /// As the primary of the view that it waits for: the new-view to enter and to send, signed,
    /// once a quorum wants it.
    std::optional<std::pair<NewView, NewViewPlan>> make_new_view(Decision& decision);
    void enter(NewView new_view, const NewViewPlan& plan, Sequence height);

    /// A height is final: the view works.
    void succeeded();
    /// Runs the timer while there is something to wait for.
    void set_timer(bool waiting, TimePoint now);
    void stop_timer() { deadline_.reset(); }

 private:
    /// View changes kept for the report.
    static constexpr size_t kHistoryMax = 8;

    const Setup& setup_;
    VoteLog& vote_log_;
    ViewChangeBook known_;
    unsigned unsuccessful_views_ = 0;
    std::deque<Left> history_;
    std::optional<TimePoint> deadline_;
};

}  // namespace parley::pbft
