// Scenario: an experiment as a TOML file: consensus, nodes, network, and when to stop. The same
// file runs at every level (run.h). A value.
//
//     title = "Sixteen equal miners"
//     consensus = "pow"               # or "pbft"
//     nodes = 16
//     seed = 1                        # the first; optional
//     seeds = 3                       # how many; optional
//
//     [mining]                        # proof of work only; a file may have both for `compare`
//     interval_s = 10
//     shares = [0.5, 0.5]             # of the first nodes; without it, all are equal
//
//     [pbft]                          # PBFT only
//     validators = 4                  # the first nodes; the others follow
//     interval_s = 10                 # between blocks; optional beside [mining]
//     timeout_s = 2                   # of the first view; optional
//
//     [topology]
//     kind = "outbound"               # mesh, ring, star, outbound, regular, erdos_renyi,
//     degree = 8                      # watts_strogatz, barabasi_albert, geometric
//
//     [delay]                         # drawn once for each link
//     mean_s = 0.1                    # or regions = "2015" or "2019"
//     law = "constant"                # uniform, exponential, pareto; optional
//     asymmetric = false              # true: drawn for each direction; optional
//
//     [relay]                         # optional
//     mode = "own"                    # own, push, headers, inv: -blockrelay of the nodes
//     validation_s = 0.02             # of one block at each node
//
//     [bandwidth]                     # optional
//     mbit_s = 10                     # of each link; what exceeds it waits at the sender
//     up_mbit_s = 20                  # of each node, for the blocks on all its links; or of its
//     down_mbit_s = 50                # region: regions = "2019"
//     block_bytes = 100000            # as long as these take, a block takes longer over a link
//
//     [load]                          # optional, level sim only
//     transactions_per_s = 2
//
//     [stop]
//     heights = 1000
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "net/peer/net_options.h"
#include "node/simulator/network/block_transport.h"
#include "node/simulator/network/delay_law.h"

namespace parley::lab {

enum class ScenarioConsensus : uint8_t { pow, pbft };
const char* to_string(ScenarioConsensus consensus);

enum class TopologyKind : uint8_t {
    mesh,
    ring,
    star,
    outbound,
    regular,
    erdos_renyi,
    watts_strogatz,
    barabasi_albert,
    geometric,
};
const char* to_string(TopologyKind kind);

struct TopologySpec {
    TopologyKind kind = TopologyKind::mesh;
    size_t degree = 0;         ///< outbound links, mean degree, or links of a new node
    uint32_t rewired_ppm = 0;  ///< watts_strogatz
    uint32_t radius_ppm = 0;   ///< geometric
    int64_t line = 0;          ///< where the file names it, for errors
};

/// Latency matrices (node/simulator/latency_table.h).
enum class RegionData : uint8_t { none, year_2015, year_2019 };

struct DelaySpec {
    double mean_s = 0;  ///< without regions
    RegionData regions = RegionData::none;
    sim::DelayLaw law = sim::DelayLaw::constant;
    bool asymmetric = false;
};

const char* to_string(BlockRelay relay);

struct Scenario {
    std::string title;
    ScenarioConsensus consensus = ScenarioConsensus::pow;
    size_t nodes = 0;
    uint64_t first_seed = 1;
    uint64_t seeds = 1;
    double interval_s = 0;       ///< mean time between all mined blocks, or between PBFT's blocks
    std::vector<double> shares;  ///< of each node; sum 1; empty for PBFT
    size_t validators = 0;
    double timeout_s = 2;
    TopologySpec topology;
    DelaySpec delay;
    BlockRelay relay = BlockRelay::own;
    double validation_s = 0;
    double bytes_per_second = 0;        ///< of each link; 0: unlimited
    sim::NodeBandwidth node_bandwidth;  ///< without regions
    bool regional_bandwidth = false;    ///< of 2019
    uint64_t block_bytes = 0;
    double transactions_per_s = 0;
    uint64_t heights = 0;

    /// Nodes have a bandwidth that is shared by all their links.
    bool has_queues() const { return regional_bandwidth || node_bandwidth != sim::NodeBandwidth{}; }
    /// How long a block takes over a link of its bandwidth; 0 if that is unlimited.
    double transmission_s() const {
        return bytes_per_second > 0 ? static_cast<double>(block_bytes) / bytes_per_second : 0;
    }
};

/// A value that takes the place of the file's, or is added to it: `key` as in "delay.mean_s",
/// `value` in TOML; a value that is not TOML is a text.
struct ScenarioChange {
    std::string key;
    std::string value;
};

inline constexpr size_t kScenarioNodesMax = 1'024;

/// Error: one sentence that begins with `name` and the line, as in "a.toml:3: ..."; without a line
/// if it is about a change.
Expected<Scenario, std::string> parse_scenario(std::string_view text, const std::string& name,
                                               const std::vector<ScenarioChange>& changes = {});

}  // namespace parley::lab
