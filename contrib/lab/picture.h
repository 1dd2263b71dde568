// The comparison as a self-contained SVG: fork rates with their intervals, waiting times of
// transactions, and the blocks of each chain on a time axis, with stale ones below the line. Pure.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/run_result.h"

namespace parley::lab {

std::string picture_svg(const std::vector<RunResult>& results);

}  // namespace parley::lab
