// PacemakerChecker: the invariant of the view-change timer (ADR 0008). While the network is whole,
// some correct replica at the highest final height has its view timer running, or none of them has
// anything to order. It may be false for a few retry intervals, until the replicas know each
// other's view-changes; if it stays false longer, the network stands still for good.
//
// For tests. What it is told counts, so a test may make states up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/unit/consensus/pbft/cluster.h"

namespace parley::pbft::testing {

class PacemakerChecker {
 public:
    struct State {
        size_t final_height = 0;
        bool timer_runs = false;
        bool has_work = false;
    };

    explicit PacemakerChecker(Duration patience) : patience_(patience) {}

    /// The states of all correct replicas at one moment. Call it often, in order of time, as long
    /// as the network is whole.
    void on_states(TimePoint now, const std::vector<State>& states);
    /// The network is not whole now: what was seen before does not count.
    void interrupted() { stands_still_since_.reset(); }
    /// Reads the states of a cluster's correct nodes. The network counts as whole while all of
    /// them run, none stands still, and each two are connected.
    void look(Cluster& cluster, const std::vector<Cluster::Node>& correct);

    /// One sentence each.
    const std::vector<std::string>& violations() const { return violations_; }

 private:
    const Duration patience_;
    std::optional<TimePoint> stands_still_since_;
    std::vector<std::string> violations_;
};

}  // namespace parley::pbft::testing
