// `parley-lab replay`: runs a daemon's record (-record) through the same node code again.
#pragma once

#include <string>
#include <vector>

namespace parley::lab {

/// Returns the exit code: 0, the node did as recorded; 1 with a sentence on stderr; 2, an effect
/// differed.
int run_replay(const std::vector<std::string>& arguments);

}  // namespace parley::lab
