// What `parley-lab run` prints: the runs of a scenario, counted together. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/scenario/run.h"

namespace parley::lab {

struct RunReport {
    Scenario scenario;
    Level level = Level::model;
    std::vector<ScenarioChange> changes;  ///< of the file, by a sweep
    sim::OverlayShape shape;              ///< of the first seed
    /// Mean over the seeds of mean_lambda_delta(). NaN: the delays are too long for a model.
    double lambda_delta = 0;
    std::vector<ScenarioRun> runs;
    bool partial = false;
};

/// All seeds together.
ScenarioRun total_of(const RunReport& report);

std::string run_text(const RunReport& report);
std::string run_json(const RunReport& report);

/// What `sweep` and `compare` print: a line for each report.
std::string sweep_text(const std::vector<RunReport>& reports);
std::string sweep_json(const std::vector<RunReport>& reports);

}  // namespace parley::lab
