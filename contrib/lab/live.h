// `parley-lab live`: runs networks of real daemons and measures them side by side.
#pragma once

#include <string>
#include <vector>

namespace parley::lab {

/// Returns the exit code: 0; 1 with a sentence on stderr; 130 after Ctrl-C, with what was measured
/// until then.
int run_live(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace parley::lab
