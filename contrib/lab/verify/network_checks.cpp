#include "contrib/lab/verify/network_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <set>

#include "base/check.h"
#include "contrib/lab/scenario/block_flood.h"
#include "contrib/lab/scenario/live_run.h"
#include "contrib/lab/scenario/run.h"
#include "contrib/lab/verify/race_checks.h"
#include "node/simulator/network/link_delays.h"

namespace parley::lab {
namespace {

// What Gervais et al. 2016 simulated, as their published program and tables give it.
constexpr size_t kPools = 16;
constexpr size_t kNetworkNodes = 2'000;
constexpr size_t kPoolLinks = 700;
constexpr size_t kOutbound = 8;
constexpr uint64_t kPoolBytesPerSecond = 100'000'000 / 8;
/// Of the pools, in the order of their shares: NA 0, EU 1, AP 3.
constexpr std::array<size_t, kPools> kPoolRegions{3, 3, 3, 0, 3, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0};

/// The pools are linked to each other and to many nodes; all other nodes dial eight.
sim::Overlay pool_overlay(Random& random) {
    sim::Overlay overlay;
    overlay.nodes = kNetworkNodes;
    std::set<std::pair<size_t, size_t>> known;
    const auto link = [&](size_t from, size_t to) {
        if (from == to || !known.emplace(std::min(from, to), std::max(from, to)).second)
            return false;
        overlay.links.emplace_back(from, to);
        return true;
    };
    for (size_t pool = 0; pool < kPools; ++pool) {
        for (size_t other = pool + 1; other < kPools; ++other) link(pool, other);
    }
    for (size_t node = 0; node < kNetworkNodes; ++node) {
        size_t missing = node < kPools ? kPoolLinks - (kPools - 1) : kOutbound;
        while (missing > 0)
            missing -= link(node, kPools + random.uniform(kNetworkNodes - kPools)) ? 1 : 0;
    }
    return overlay;
}

ScenarioNetwork pool_network(uint64_t seed) {
    ScenarioNetwork network;
    auto overlay_random = SeededRandom::stream(seed, 0, "overlay");
    network.overlay = pool_overlay(overlay_random);
    auto random = SeededRandom::stream(seed, 0, "delays");
    const sim::LatencyTable table = sim::six_regions_2015();
    std::vector<size_t> regions(kPoolRegions.begin(), kPoolRegions.end());
    while (regions.size() < kNetworkNodes) regions.push_back(draw_region(random));
    for (const auto& [from, to] : network.overlay.links) {
        const Duration mean = table.delay(regions[from], regions[to]);
        network.delays.push_back(sim::draw_delay(sim::DelayLaw::pareto, mean, random));
    }
    network.back_delays = network.delays;
    for (size_t node = 0; node < kNetworkNodes; ++node) {
        network.bandwidths.push_back(
            node < kPools ? sim::NodeBandwidth{kPoolBytesPerSecond, kPoolBytesPerSecond}
                          : sim::region_bandwidths_2019()[regions[node]]);
    }
    return network;
}

/// The pools alone: other nodes matter for the paths and the queues only.
MiningNetwork pool_miners(const ScenarioNetwork& network, const NetworkRow& row, BlockRelay relay) {
    constexpr double kMeanOfNominal = 1.0516;
    constexpr double kBytesOf10Minutes = 534'800;
    constexpr double kValidationPerByte = 0.174 / 458'000;  // seconds
    const double bytes = kBytesOf10Minutes * row.interval_s / 600;
    FloodOptions options;
    options.relay = relay;
    options.block_bytes = static_cast<uint64_t>(bytes);
    options.validation = Duration{static_cast<int64_t>(1e6 * kValidationPerByte * bytes)};
    const BlockFlood flood(network, options);
    MiningNetwork miners;
    miners.shares = *normalised_shares(pool_shares_2016());
    for (size_t from = 0; from < kPools; ++from) {
        miners.names.push_back(std::to_string(from));
        const std::vector<Duration> arrivals = flood.arrivals(from);
        for (size_t to = 0; to < kPools; ++to) {
            const std::chrono::duration<double> delay = arrivals[to];
            miners.delays.push_back(
                from_intervals(delay.count() / (kMeanOfNominal * row.interval_s)));
        }
    }
    shorten_detours(miners);
    return miners;
}

Proportion stale_of_all(const NetworkRow& row, BlockRelay relay, uint64_t heights,
                        const GoOn& go_on) {
    constexpr uint64_t kHeightsOfOverlay = 100'000;
    const uint64_t overlays = std::max<uint64_t>(1, heights / kHeightsOfOverlay);
    RaceResult total;
    for (uint64_t seed = 1; seed <= overlays && go_on(); ++seed) {
        RaceOptions options;
        options.heights = heights / overlays;
        options.seed = seed;
        options.proceed = [&](uint64_t) { return go_on(); };
        total.add(run_race(pool_miners(pool_network(seed), row, relay), options));
    }
    return total.stale_of_all();
}

Finding judge_factor(const std::string& name, double expected, const Proportion& measured) {
    constexpr double kFactor = 1.5;
    constexpr uint64_t kPublishedBlocks = 10'000;
    Finding finding =
        judge({name, "%", expected, {expected / kFactor, expected * kFactor}},
              100 * measured.value(), Range{100 * measured.low(), 100 * measured.high()});
    if (finding.verdict == Verdict::fail) {
        const auto stale = static_cast<uint64_t>(std::lround(expected / 100 * kPublishedBlocks));
        const Proportion published{stale, kPublishedBlocks};
        finding.reason += fmt::format(
            "; the published rate is that of {} stale blocks of {}, with a 95 % interval of {:.3g} "
            "to {:.3g} %",
            stale, kPublishedBlocks, 100 * published.low(), 100 * published.high());
    }
    return finding;
}

/// Sixteen equal nodes, all linked.
Scenario mesh_of_16(double lambda_delta, uint64_t heights) {
    Scenario scenario;
    scenario.nodes = 16;
    scenario.interval_s = 1;
    scenario.shares.assign(scenario.nodes, 1 / static_cast<double>(scenario.nodes));
    scenario.delay.mean_s = lambda_delta;
    scenario.heights = heights;
    return scenario;
}

double standard_error(double share, uint64_t trials) {
    return std::sqrt(share * (1 - share) / static_cast<double>(std::max<uint64_t>(1, trials)));
}

}  // namespace

std::vector<NetworkRow> network_rows() {
    return {{"10min", 600, 1.51, .13}, {"2.5min", 150, 1.82, .16}, {"1min", 60, 2.15, .35},
            {"10s", 10, 4.77, 1.73},   {"2s", 2, 16.65, 6.98},     {"1s", 1, 26.74, 12.44},
            {"0.5s", .5, 38.15, 20.62}};
}

Findings check_network_rows(const std::vector<NetworkRow>& rows, uint64_t heights,
                            const GoOn& go_on) {
    Findings findings;
    for (const NetworkRow& row : rows) {
        const Proportion standard = stale_of_all(row, BlockRelay::inv, heights, go_on);
        // Their pools push what they have found; everybody else announces.
        const Proportion push = stale_of_all(row, BlockRelay::own, heights, go_on);
        const std::string name = "5.gervais.network." + row.name;
        findings.push_back(judge_factor(name + ".standard.S_t", row.standard, standard));
        findings.push_back(judge_factor(name + ".push.S_t", row.push, push));
        // Not overlapping: the order of the two is certain.
        findings.push_back(judge_equal(name + ".push_below_standard", "", 1,
                                       push.high() < standard.low() ? 1 : 0));
    }
    return findings;
}

std::vector<HeadlinePoint> headline_points() {
    return {{.05, 4.54}, {.1, 8.90}, {.5, 36.8}, {1, 58.9}};
}

Findings check_headline(const std::vector<HeadlinePoint>& points, uint64_t heights,
                        const GoOn& go_on) {
    Findings findings;
    const RunProceed proceed = [&](uint64_t) { return go_on(); };
    for (const HeadlinePoint& point : points) {
        Scenario scenario = mesh_of_16(point.lambda_delta, heights);
        const auto network = build_network(scenario, "verify", 1);
        CHECK(network);
        const auto pow = run_sim(scenario, *network, 1, proceed);
        CHECK(pow);
        const std::string name = fmt::format("9.headline.x={:g}", point.lambda_delta);
        const Proportion forked = pow->race.forked_heights();
        const double error = standard_error(point.forked_heights / 100, forked.trials);
        findings.push_back(judge({name + ".pow.F_h", "standard errors", 0, {-3, 3}},
                                 (forked.value() - point.forked_heights / 100) / error));
        scenario.consensus = ScenarioConsensus::pbft;
        scenario.shares.clear();
        scenario.validators = scenario.nodes;
        scenario.timeout_s = 10;
        scenario.heights = heights / 10;
        const auto pbft = run_sim(scenario, *network, 1, proceed);
        CHECK(pbft);
        const bool complete = pbft->race.heights == scenario.heights;
        findings.push_back(
            judge_equal(name + ".pbft.forked_heights", "", 0,
                        complete ? static_cast<double>(pbft->race.forked) : std::nan("")));
    }
    return findings;
}

Findings check_live(const std::string& daemon, uint64_t heights, const GoOn& go_on) {
    Findings findings;
    const RunProceed proceed = [&](uint64_t) { return go_on(); };
    for (const double lambda_delta : {.1, .4, .8}) {
        Scenario scenario;
        scenario.nodes = 4;
        scenario.interval_s = 0.5;
        scenario.shares.assign(scenario.nodes, 0.25);
        scenario.delay.mean_s = lambda_delta * scenario.interval_s;
        scenario.heights = heights;
        const auto network = build_network(scenario, "verify", 1);
        CHECK(network);
        const std::string name = fmt::format("9.live.x={:g}.S_t", lambda_delta);
        const auto live = run_daemons(scenario, *network, 1, daemon, proceed);
        if (!live) {
            findings.push_back(not_run(name, live.error()));
            continue;
        }
        constexpr uint64_t kTimesMore = 10;  // so that the daemons' error counts alone
        scenario.heights = kTimesMore * heights;
        const auto sim = run_sim(scenario, *network, 1, proceed);
        CHECK(sim);
        const Proportion a = live->race.stale_of_all();
        const Proportion b = sim->race.stale_of_all();
        const double error =
            std::hypot(standard_error(b.value(), a.trials), standard_error(b.value(), b.trials));
        findings.push_back(
            judge({name, "standard errors", 0, {-1.96, 1.96}}, (a.value() - b.value()) / error));
        if (findings.back().verdict == Verdict::fail && live->race.intervals > 0) {
            // A machine that is too busy finds them later.
            findings.back().reason += fmt::format(
                "; S_t was {:.2f} % of {} blocks, of which {:.3f} came in a mean "
                "interval, and {:.2f} % in the simulator",
                100 * a.value(), a.trials,
                static_cast<double>(live->race.blocks) / live->race.intervals, 100 * b.value());
        }
    }
    return findings;
}

}  // namespace parley::lab
