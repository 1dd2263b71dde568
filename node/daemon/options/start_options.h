// read_start_options: reads the command line and the configuration files, and returns everything
// needed for a start. It opens configuration files, and creates nothing. Called by main.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "node/daemon/options/daemon_options.h"

namespace parley {

struct StartOptions {
    bool show_help = false;            ///< -help: all other options are ignored
    bool show_version = false;         ///< -version
    bool background = false;           ///< -daemon or -daemonwait
    bool wait_for_background = false;  ///< -daemonwait
    DaemonOptions daemon;
    std::optional<NodeConfig> node;    ///< set unless help or version is shown
    std::vector<std::string> notices;  ///< for stderr; the node starts all the same
    std::vector<std::string> notes;    ///< for the log: warnings, options without effect
};

/// The error is a sentence for stderr.
Expected<StartOptions, std::string> read_start_options(const std::vector<std::string>& arguments,
                                                       const std::string& home);

/// What parley-cli needs from the same files: user, password, port, cookie. `settings` contains the
/// options of its command line.
Expected<Locations, std::string> read_config_files(Settings& settings, const std::string& home);

}  // namespace parley
