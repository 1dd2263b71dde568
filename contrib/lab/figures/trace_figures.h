// Pictures of the beginning of a run: the tree of its blocks, with stale branches beside the main
// chain, and what PBFT's validators did in which view. Over time, as SVG; what has a time carries
// it as data-t, in seconds, so that a page can hide what came later. Pure functions.
#pragma once

#include <string>

#include "contrib/lab/scenario/run_trace.h"

namespace parley::lab {

/// REQUIRES: trace.blocks is not empty.
std::string block_tree_svg(const RunTrace& trace);

/// A row for each validator, with a line in the colour of its view. REQUIRES: trace.steps is not
/// empty.
std::string view_timeline_svg(const RunTrace& trace);

/// The picture with a slider for the time, as HTML. `id` is unique in the page.
std::string scrubbed(const std::string& svg, const std::string& id, double end_s);

/// Time of the last block or step.
double end_of(const RunTrace& trace);

}  // namespace parley::lab
