// Check: one acceptance point of the laboratory, as something that can be run. run_checks() runs
// all within a budget of time. The folder's other headers declare the checks, each as a function
// of its claims, so that a test can see it fail for a false claim.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "contrib/lab/verify/finding.h"

namespace parley::lab {

/// Whether to go on; asked often enough that a check ends within a second after false. A check that
/// was told to end returns what it can and is discarded.
using GoOn = std::function<bool()>;

/// How much is measured. The accepted ranges are the same.
enum class Effort : uint8_t {
    quick,  ///< a second a check: for the test command
    full
};

struct Check {
    std::string name;
    /// Of a full run on one core of 2020, built with optimisation; 0 for a check that cannot run.
    double seconds = 0;
    /// Part of the quick set.
    bool quick = true;
    std::function<Findings(Effort, const GoOn&)> run;
    /// Instead of `run`, for a check that uses the time that is left, in seconds; at least
    /// `seconds`, or kQuickSeconds of the quick set.
    std::function<Findings(double, const GoOn&)> run_for{};
};
inline constexpr double kQuickSeconds = 1;

/// All acceptance points, in their order.
std::vector<Check> all_checks();

struct CheckRun {
    Findings findings;
    bool partial = false;  ///< `go_on` ended it
};

/// `seconds_left` is asked before each check, which is not run if it would take longer. `started`
/// is told the number of each check.
CheckRun run_checks(const std::vector<Check>& checks, Effort effort,
                    const std::function<double()>& seconds_left,
                    const std::function<bool(size_t)>& started, const GoOn& go_on);

}  // namespace parley::lab
