#include "contrib/lab/scenario/scenario_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "node/simulator/network/link_delays.h"

namespace parley::lab {
namespace {

/// Shares of Bitcoin's nodes by region in 2019, in hundredths of a percent (NA, EU, SA, AP, JP,
/// AU).
constexpr uint64_t kNodeShares[] = {3316, 4998, 90, 1177, 224, 195};

sim::Overlay make_overlay(const Scenario& scenario, Random& random) {
    const TopologySpec& spec = scenario.topology;
    const size_t nodes = scenario.nodes;
    switch (spec.kind) {
        case TopologyKind::mesh:
            return sim::full_mesh(nodes);
        case TopologyKind::ring:
            return sim::ring(nodes);
        case TopologyKind::star:
            return sim::star(nodes);
        case TopologyKind::outbound:
            return sim::random_outbound(nodes, spec.degree, random);
        case TopologyKind::regular:
            return sim::random_regular(nodes, spec.degree, random);
        case TopologyKind::erdos_renyi:
            return sim::erdos_renyi(nodes, spec.degree, random);
        case TopologyKind::watts_strogatz:
            return sim::watts_strogatz(nodes, spec.degree, spec.rewired_ppm, random);
        case TopologyKind::barabasi_albert:
            return sim::barabasi_albert(nodes, spec.degree, random);
        case TopologyKind::geometric:
            return sim::random_geometric(nodes, spec.radius_ppm, random);
    }
    return {};
}

size_t draw_region(Random& random) {
    uint64_t total = 0;
    for (const uint64_t share : kNodeShares) total += share;
    uint64_t drawn = random.uniform(total);
    size_t region = 0;
    while (drawn >= kNodeShares[region]) drawn -= kNodeShares[region++];
    return region;
}

}  // namespace

Expected<ScenarioNetwork, std::string> build_network(const Scenario& scenario,
                                                     const std::string& name, uint64_t seed) {
    auto overlay_random = SeededRandom::stream(seed, 0, "overlay");
    ScenarioNetwork network;
    network.overlay = make_overlay(scenario, overlay_random);
    network.shape = sim::measure(network.overlay);
    if (network.shape.components > 1) {
        return Unexpected(fmt::format(
            "{}:{}: the topology {} is not connected with seed {}: it has {} parts; more links "
            "connect it",
            name, scenario.topology.line, to_string(scenario.topology.kind), seed,
            network.shape.components));
    }
    std::optional<sim::LatencyTable> table;
    if (scenario.delay.regions == RegionData::year_2015) table = sim::six_regions_2015();
    if (scenario.delay.regions == RegionData::year_2019)
        table = sim::LatencyTable::six_regions_2019();
    auto random = SeededRandom::stream(seed, 0, "delays");
    std::vector<size_t> regions(scenario.nodes, 0);
    if (table) std::generate(regions.begin(), regions.end(), [&] { return draw_region(random); });
    const Duration uniform{static_cast<int64_t>(scenario.delay.mean_s * 1e6 + 0.5)};
    for (const auto& [from, to] : network.overlay.links) {
        const Duration mean = table ? table->delay(regions[from], regions[to]) : uniform;
        network.delays.push_back(sim::draw_delay(scenario.delay.law, mean, random));
    }
    return network;
}

Expected<MiningNetwork, std::string> flooding_miners(const Scenario& scenario,
                                                     const ScenarioNetwork& network) {
    std::vector<Miner> miners;
    for (size_t i = 0; i < scenario.nodes; ++i) {
        const double share = scenario.consensus == ScenarioConsensus::pow ? scenario.shares[i]
                             : i < scenario.validators                    ? 1
                                                                          : 0;
        miners.push_back({std::to_string(i), share});
    }
    std::vector<Link> links;
    for (size_t i = 0; i < network.overlay.links.size(); ++i) {
        const auto [from, to] = network.overlay.links[i];
        const std::chrono::duration<double> delay = network.delays[i];
        links.push_back({from, to, delay.count() + scenario.transmission_s()});
    }
    return flooding_network(miners, links, scenario.interval_s);
}

double mean_lambda_delta(const MiningNetwork& network) {
    double delays = 0;
    double pairs = 0;
    for (size_t from = 0; from < network.size(); ++from) {
        delays += network.shares[from] * network.hash_weighted_delay(from);
        pairs += network.shares[from] * (1 - network.shares[from]);
    }
    return pairs > 0 ? delays / pairs : 0;
}

}  // namespace parley::lab
