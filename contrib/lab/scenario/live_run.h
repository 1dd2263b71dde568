// Level live: a scenario with real daemons on loopback. Blocks come at exponential times, which the
// daemons draw themselves (-automine=poisson), without hashing: a machine with few cores would not
// keep the pace of 16 miners. Not deterministic. One thread, beside those of the observer.
#pragma once

#include <optional>
#include <string>

#include "contrib/lab/live_options.h"
#include "contrib/lab/run_result.h"
#include "contrib/lab/scenario/run.h"

namespace parley::lab {

inline constexpr size_t kLiveNodesMax = 16;

/// The parleyd beside this program.
std::string default_daemon();

/// What the daemons are started with. Error: a sentence, if they cannot take the scenario: they
/// know one delay for all links, and bytes as fast as the machine carries them.
Expected<LiveOptions, std::string> live_options(const Scenario& scenario,
                                                const ScenarioNetwork& network,
                                                const std::string& daemon);

/// Pure. A block belongs to the node at which it was seen first, because an observer sees a block
/// of another node at least one delay later. `duration` in seconds.
ScenarioRun scenario_run(const Scenario& scenario, const RunResult& result,
                         const Observations& seen);

/// `daemon`: path of parleyd. Mines until all nodes agree on a block at the last height, however
/// long that takes, then stops the daemons.
Expected<ScenarioRun, std::string> run_daemons(const Scenario& scenario,
                                               const ScenarioNetwork& network, uint64_t seed,
                                               const std::string& daemon,
                                               const RunProceed& proceed);

}  // namespace parley::lab
