#include "contrib/lab/scenario/scenario_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "contrib/lab/scenario/block_flood.h"
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

/// How long a block takes over each link, in both directions, without queues.
class HopTimes {
 public:
    HopTimes(const Scenario& scenario, const ScenarioNetwork& network)
        : scenario_(scenario), network_(network) {}

    /// One trip.
    std::vector<Link> pushed() const {
        return links([](double there, double) { return there; });
    }
    /// Three trips: the announcement, the request, and the block.
    std::vector<Link> announced() const {
        return links([](double there, double back) { return 2 * there + back; });
    }

 private:
    template <class Trips>
    std::vector<Link> links(const Trips& trips) const {
        std::vector<Link> result;
        for (size_t i = 0; i < network_.overlay.links.size(); ++i) {
            const auto [from, to] = network_.overlay.links[i];
            const double there = seconds(network_.delays[i]);
            const double back = seconds(network_.back_delays[i]);
            result.push_back({from, to, trips(there, back) + transmission(from, to),
                              trips(back, there) + transmission(to, from)});
        }
        return result;
    }
    static double seconds(Duration duration) {
        return std::chrono::duration<double>(duration).count();
    }
    /// With the receiver's validation.
    double transmission(size_t from, size_t to) const {
        double slowest = 0;
        for (const uint64_t rate : {network_.bandwidths[from].up, network_.bandwidths[to].down}) {
            const auto bytes = static_cast<double>(scenario_.block_bytes);
            if (rate > 0) slowest = std::max(slowest, bytes / static_cast<double>(rate));
        }
        return slowest + scenario_.transmission_s() + scenario_.validation_s;
    }

    const Scenario& scenario_;
    const ScenarioNetwork& network_;
};

/// Delays over these links for the first hop, and those of `relayed` for all others.
MiningNetwork first_hop_pushed(const MiningNetwork& relayed, const std::vector<Link>& links,
                               double interval_s) {
    MiningNetwork result = relayed;
    const size_t size = relayed.size();
    const auto push = [&](size_t from, size_t first, double seconds) {
        const ModelTime hop = from_intervals(seconds / interval_s);
        for (size_t to = 0; to < size; ++to) {
            if (to == from) continue;
            ModelTime& delay = result.delays[from * size + to];
            delay = std::min(delay, hop + relayed.delay(first, to));
        }
    };
    for (const Link& link : links) {
        push(link.from, link.to, link.delay_s);
        push(link.to, link.from, link.back_s.value_or(link.delay_s));
    }
    return result;
}

Duration to_duration_of(double seconds) {
    return Duration{static_cast<int64_t>(seconds * 1e6 + 0.5)};
}

/// Instead of `flooded`, delays in which the blocks that a node sends wait for each other. Of
/// miners only: no others' blocks matter.
Expected<MiningNetwork, std::string> with_queues(const Scenario& scenario,
                                                 const ScenarioNetwork& network,
                                                 MiningNetwork flooded) {
    const BlockFlood flood(network, {.relay = scenario.relay,
                                     .block_bytes = scenario.block_bytes,
                                     .on_link = to_duration_of(scenario.transmission_s()),
                                     .validation = to_duration_of(scenario.validation_s)});
    const size_t size = flooded.size();
    for (size_t from = 0; from < size; ++from) {
        if (flooded.shares[from] == 0) continue;
        const std::vector<Duration> arrivals = flood.arrivals(from);
        for (size_t to = 0; to < size; ++to) {
            const std::chrono::duration<double> delay = arrivals[to];
            if (delay.count() > kDelayMax * scenario.interval_s) {
                return Unexpected(fmt::format(
                    "a block of \"{}\" reaches \"{}\" after {:.6g} s; at most {} intervals of "
                    "{:.6g} s are possible",
                    from, to, delay.count(), kDelayMax, scenario.interval_s));
            }
            flooded.delays[from * size + to] = from_intervals(delay.count() / scenario.interval_s);
        }
    }
    shorten_detours(flooded);
    return flooded;
}

}  // namespace

size_t draw_region(Random& random) {
    uint64_t total = 0;
    for (const uint64_t share : kNodeShares) total += share;
    uint64_t drawn = random.uniform(total);
    size_t region = 0;
    while (drawn >= kNodeShares[region]) drawn -= kNodeShares[region++];
    return region;
}

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
        network.back_delays.push_back(scenario.delay.asymmetric
                                          ? sim::draw_delay(scenario.delay.law, mean, random)
                                          : network.delays.back());
    }
    for (const size_t region : regions) {
        network.bandwidths.push_back(scenario.regional_bandwidth
                                         ? sim::region_bandwidths_2019()[region]
                                         : scenario.node_bandwidth);
    }
    return network;
}

Duration ScenarioNetwork::delay_max() const {
    Duration longest{0};
    for (const auto* delays : {&this->delays, &back_delays}) {
        for (const Duration delay : *delays) longest = std::max(longest, delay);
    }
    return longest;
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
    const bool pbft = scenario.consensus == ScenarioConsensus::pbft;
    const HopTimes hops(scenario, network);
    const bool pushed = pbft || scenario.relay == BlockRelay::push;
    auto flooded =
        flooding_network(miners, pushed ? hops.pushed() : hops.announced(), scenario.interval_s);
    if (!flooded || pbft) return flooded;
    if (scenario.has_queues()) return with_queues(scenario, network, std::move(*flooded));
    if (scenario.relay != BlockRelay::own) return flooded;
    return first_hop_pushed(*flooded, hops.pushed(), scenario.interval_s);
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
