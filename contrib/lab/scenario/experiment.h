// Experiments: scenarios that run together, each with all of its seeds, on several threads. What
// `run`, `sweep` and `compare` have in common. The results do not depend on the number of threads.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "contrib/lab/scenario/run_report.h"

namespace parley::lab {

struct Experiment {
    std::string file;  ///< for errors
    Scenario scenario;
    Level level = Level::sim;
    std::vector<ScenarioChange> changes;  ///< those that the scenario has of the file
    std::string daemon{};                 ///< path of parleyd, for level live
};

/// Heights of all seeds of all experiments.
uint64_t heights_of(const std::vector<Experiment>& experiments);

/// A report for each experiment. `proceed` is called on the calling thread with the heights
/// reached by all runs together; once it returns false, runs end early and are marked as partial.
/// Error: a sentence. REQUIRES: threads > 0.
Expected<std::vector<RunReport>, std::string> run_experiments(
    const std::vector<Experiment>& experiments, size_t threads, const RunProceed& proceed);

/// Changes for each combination of the values of several keys, the last key changing fastest:
/// "a=1,2" and "b=[3,4],5" give four. Commas in brackets or quotes separate nothing. Error: a
/// sentence, for what has no "=" or no value, or for more than kCombinationsMax.
Expected<std::vector<std::vector<ScenarioChange>>, std::string> combinations(
    const std::vector<std::string>& variations);

inline constexpr size_t kCombinationsMax = 10'000;

}  // namespace parley::lab
