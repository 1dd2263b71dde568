// The output formats of the lab's results: a table for people, JSON for programs, a picture (SVG)
// for both. Pure.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/run_result.h"

namespace parley::lab {

/// One column per network.
std::string table_text(const std::vector<RunResult>& results);

/// {"pow": {"heights": ..., "F_h": ..., ...}, "pbft": {...}}; rates are fractions, times seconds.
std::string json_text(const std::vector<RunResult>& results);

}  // namespace parley::lab
