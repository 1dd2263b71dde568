// ScenarioNetwork: the links of a scenario with their delays, drawn from a seed. The same at every
// level. A value.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "contrib/lab/scenario/scenario.h"
#include "node/simulator/network/overlay.h"

namespace parley::lab {

struct ScenarioNetwork {
    sim::Overlay overlay;
    sim::OverlayShape shape;
    std::vector<Duration> delays;  ///< of each link, the same in both directions
};

/// Error: one sentence that begins with `name` and a line, for a topology that is not connected.
Expected<ScenarioNetwork, std::string> build_network(const Scenario& scenario,
                                                     const std::string& name, uint64_t seed);

}  // namespace parley::lab
