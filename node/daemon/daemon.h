// run_daemon: the host around a node, from locked directory to clean end. It wires storage,
// transport, miners, RPC and the core loop together; each of those knows nothing of the others.
// Called once by main, which becomes the core thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node/daemon/options/daemon_options.h"

namespace parley {

/// "0.1.0"
std::string version_text();

/// Returns when the node has stopped. `on_ready` is called once the node answers RPC; `notes` go to
/// the log at the start. The result is empty after a clean end, else a sentence for stderr.
/// SIGINT and SIGTERM stop the node.
std::string run_daemon(const DaemonOptions& options, NodeConfig config,
                       const std::vector<std::string>& notes,
                       const std::function<void()>& on_ready);

}  // namespace parley
