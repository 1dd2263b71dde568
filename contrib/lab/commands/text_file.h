// Reading a file that a user has named.
#pragma once

#include <string>

#include "base/expected.h"

namespace parley::lab {

/// Error: a sentence without its full stop.
Expected<std::string, std::string> read_text(const std::string& path);

}  // namespace parley::lab
