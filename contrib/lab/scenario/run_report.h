// What `parley-lab run` prints: the runs of a scenario, counted together. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/scenario/run.h"

namespace parley::lab {

struct RunReport {
    Scenario scenario;
    Level level = Level::model;
    sim::OverlayShape shape;  ///< of the first seed
    std::vector<ScenarioRun> runs;
    bool partial = false;
};

std::string run_text(const RunReport& report);
std::string run_json(const RunReport& report);

}  // namespace parley::lab
