// The texts in which users set options, in bitcoind's grammar: command line and parley.conf
// (settings_file.h reads settings.json). Parsing only: opens no files and interprets no values.
// Called by the daemon and by parley-cli at start-up; fuzzed. Thread-safe.
//
// Not Boost.Program_options, which cannot report a negation, which value came first, or the line of
// an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "node/daemon/options/settings.h"

namespace parley {

/// `-x`, `--x`, `-x=y`, `-nox`. The error is bitcoind's text: "Error parsing command line
/// arguments: Invalid parameter -x".
Expected<void, std::string> parse_command_line(const std::vector<std::string>& arguments,
                                               Settings& settings);

/// Lines `x=y`, `nox=1`, `regtest.x=y`, `[regtest]`, `# comment`, and blank lines. Unknown keys and
/// sections yield warnings; `name` is the file's name, for the error.
Expected<void, std::string> parse_config_file(std::string_view text, std::string_view name,
                                              Settings& settings);

}  // namespace parley
