// run_daemon: the host around a node, from locking the data directory to a clean end. It wires
// storage, transport, miners, RPC and the core loop together; these do not know each other. Called
// once by main, whose thread becomes the core thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node/daemon/options/daemon_options.h"

namespace parley {

/// "0.1.0"
std::string version_text();

/// Returns when the node has stopped. `on_ready` is called once the node answers RPC; `notes` are
/// logged at the start. Returns an empty string after a clean end, otherwise a sentence for stderr.
/// SIGINT and SIGTERM stop the node.
std::string run_daemon(const DaemonOptions& options, NodeConfig config,
                       const std::vector<std::string>& notes,
                       const std::function<void()>& on_ready);

}  // namespace parley
