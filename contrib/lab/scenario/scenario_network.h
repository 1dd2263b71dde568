// ScenarioNetwork: the links of a scenario with their delays, drawn from a seed. The same at every
// level. A value.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "contrib/lab/model/mining_network.h"
#include "contrib/lab/scenario/scenario.h"
#include "node/simulator/network/overlay.h"

namespace parley::lab {

struct ScenarioNetwork {
    sim::Overlay overlay;
    sim::OverlayShape shape;
    std::vector<Duration> delays;       ///< of each link, from its first node to its second
    std::vector<Duration> back_delays;  ///< and back
    std::vector<sim::NodeBandwidth> bandwidths;  ///< of each node, for blocks

    Duration delay_max() const;
};

/// A region of LatencyTable's six, by the shares of Bitcoin's nodes in 2019.
size_t draw_region(Random& random);

/// Error: one sentence that begins with `name` and a line, for a topology that is not connected.
Expected<ScenarioNetwork, std::string> build_network(const Scenario& scenario,
                                                     const std::string& name, uint64_t seed);

/// The same network for the abstract model: who mines and how long a block takes from each node to
/// each. With bandwidths of nodes, blocks wait in their queues (block_flood.h). PBFT's validators
/// count as equal miners, and have no queues. Error: a sentence.
Expected<MiningNetwork, std::string> flooding_miners(const Scenario& scenario,
                                                     const ScenarioNetwork& network);

/// lambda Delta of a network whose delays differ: the mean delay, in intervals, of a block between
/// two different miners, chosen by their shares. Zero if there is one miner only.
double mean_lambda_delta(const MiningNetwork& network);

}  // namespace parley::lab
