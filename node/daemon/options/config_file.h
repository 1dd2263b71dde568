// The texts in which users set options, in bitcoind's grammar: command line, parley.conf,
// settings.json. Parsing only: no files are opened here, and no value is interpreted. Called by the
// daemon and by parley-cli at their start; fuzzable. Thread-safe.
//
// Not Boost.Program_options: it can neither tell a negation, nor which value came first, nor the
// line of an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "node/daemon/options/settings.h"

namespace parley {

/// `-x`, `--x`, `-x=y`, `-nox`. The error is a sentence in bitcoind's words: "Error parsing command
/// line arguments: Invalid parameter -x".
Expected<void, std::string> parse_command_line(const std::vector<std::string>& arguments,
                                               Settings& settings);

/// Lines `x=y`, `nox=1`, `regtest.x=y`, `[regtest]`, `# comment`, and blank ones. Unknown keys and
/// sections become warnings; `name` is the file's, for the error.
Expected<void, std::string> parse_config_file(std::string_view text, std::string_view name,
                                              Settings& settings);

/// One JSON object of names with a string, number, boolean, or a list of these.
Expected<void, std::string> parse_settings_json(std::string_view text, std::string_view name,
                                                Settings& settings);

}  // namespace parley
