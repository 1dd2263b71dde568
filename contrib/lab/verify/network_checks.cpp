#include "contrib/lab/verify/network_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "contrib/lab/scenario/live_run.h"
#include "contrib/lab/scenario/run.h"
#include "contrib/lab/verify/race_checks.h"

namespace parley::lab {
namespace {

Scenario pool_network(const NetworkRow& row, BlockRelay relay) {
    constexpr double kMeanOfNominal = 1.0516;
    constexpr double kBytesOf10Minutes = 534'800;
    constexpr double kValidationPerByte = 0.174 / 458'000;  // seconds
    Scenario scenario;
    scenario.nodes = 1'000;
    scenario.interval_s = kMeanOfNominal * row.interval_s;
    scenario.shares = *normalised_shares(pool_shares_2016());
    scenario.shares.resize(scenario.nodes, 0);
    scenario.topology.kind = TopologyKind::outbound;
    scenario.topology.degree = 8;
    scenario.delay.regions = RegionData::year_2015;
    scenario.regional_bandwidth = true;
    const double bytes = kBytesOf10Minutes * row.interval_s / 600;
    scenario.block_bytes = static_cast<uint64_t>(bytes);
    scenario.validation_s = kValidationPerByte * bytes;
    scenario.relay = relay;
    return scenario;
}

/// The miners alone: nodes without hash power matter for the paths only.
MiningNetwork only_miners(const MiningNetwork& network) {
    MiningNetwork result;
    std::vector<size_t> miners;
    for (size_t i = 0; i < network.size(); ++i) {
        if (network.shares[i] == 0) continue;
        miners.push_back(i);
        result.names.push_back(network.names[i]);
        result.shares.push_back(network.shares[i]);
    }
    for (const size_t from : miners) {
        for (const size_t to : miners) result.delays.push_back(network.delay(from, to));
    }
    return result;
}

Proportion stale_of_all(const NetworkRow& row, BlockRelay relay, uint64_t heights,
                        const GoOn& go_on) {
    constexpr uint64_t kSeeds = 4;  // overlays
    RaceResult total;
    for (uint64_t seed = 1; seed <= kSeeds && go_on(); ++seed) {
        const Scenario scenario = pool_network(row, relay);
        const auto network = build_network(scenario, "verify", seed);
        CHECK(network);
        const auto flooding = flooding_miners(scenario, *network);
        CHECK(flooding);
        RaceOptions options;
        options.heights = heights / kSeeds;
        options.seed = seed;
        options.proceed = [&](uint64_t) { return go_on(); };
        total.add(run_race(only_miners(*flooding), options));
    }
    return total.stale_of_all();
}

Finding judge_factor(const std::string& name, double expected, const Proportion& measured) {
    constexpr double kFactor = 1.5;
    return judge({name, "%", expected, {expected / kFactor, expected * kFactor}},
                 100 * measured.value(), Range{100 * measured.low(), 100 * measured.high()});
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
        const Proportion push = stale_of_all(row, BlockRelay::push, heights, go_on);
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
    }
    return findings;
}

}  // namespace parley::lab
