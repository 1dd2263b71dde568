// The comparison as a picture: fork rates with their intervals, how long transactions wait, and the
// blocks of each chain in the order of their times with the stale ones below the line. A
// self-contained SVG. Pure.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/run_result.h"

namespace parley::lab {

std::string picture_svg(const std::vector<RunResult>& results);

}  // namespace parley::lab
