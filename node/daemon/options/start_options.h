// read_start_options: from the command line and the files that it leads to, to everything that a
// start needs. It opens configuration files; it creates nothing. Called by main.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "node/daemon/options/daemon_options.h"

namespace parley {

struct StartOptions {
    bool show_help = false;            ///< -help: nothing else is read
    bool show_version = false;         ///< -version
    bool background = false;           ///< -daemon or -daemonwait
    bool wait_for_background = false;  ///< -daemonwait
    DaemonOptions daemon;
    std::optional<NodeConfig> node;  ///< set unless help or version is shown
    std::vector<std::string> notes;  ///< for the log: warnings, options without a meaning here
};

/// The error is a sentence for stderr.
Expected<StartOptions, std::string> read_start_options(const std::vector<std::string>& arguments,
                                                       const std::string& home);

/// What parley-cli needs of the same files: user, password, port, cookie. The options of `settings`
/// are those of its command line.
Expected<Locations, std::string> read_config_files(Settings& settings, const std::string& home);

}  // namespace parley
