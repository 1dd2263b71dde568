// `parley-lab replay`: a record of a daemon (-record) through the same node code again.
#pragma once

#include <string>
#include <vector>

namespace parley::lab {

/// Returns the exit code: 0, the node did as recorded; 1, a sentence on stderr; 2, it did something
/// else.
int run_replay(const std::vector<std::string>& arguments);

}  // namespace parley::lab
