#include "contrib/lab/verify/race_checks.h"

#include <fmt/format.h>

#include <cmath>

#include "base/check.h"
#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/model/hypothesis_tests.h"
#include "contrib/lab/model/mining_process.h"
#include "contrib/lab/model/spread.h"
#include "node/simulator/network/overlay.h"

namespace parley::lab {
namespace {

constexpr double kZ95 = 1.96;

std::vector<double> equal_shares(size_t miners) {
    return std::vector<double>(miners, 1 / static_cast<double>(miners));
}

RaceResult race(const MiningNetwork& network, uint64_t heights, uint64_t seed, const GoOn& go_on) {
    RaceOptions options;
    options.heights = heights;
    options.seed = seed;
    options.proceed = [&](uint64_t) { return go_on(); };
    return run_race(network, options);
}

/// All pairs linked, with the same delay.
MiningNetwork linked_miners(size_t miners, const TimeScale& scale) {
    const auto overlay = sim::full_mesh(miners);
    std::vector<Link> links;
    for (const auto& [from, to] : overlay.links) links.push_back({from, to, scale.delay_s});
    auto network =
        flooding_network(std::vector<Miner>(miners, Miner{"", 1}), links, scale.interval_s);
    CHECK(network);
    return std::move(*network);
}

}  // namespace

std::vector<double> pool_shares_2016() {
    return {.289, .196, .159, .133, .066, .054, .029, .016,
            .012, .012, .012, .009, .005, .005, .002, .002};
}

MiningSample mining_sample(const std::vector<double>& shares, double interval_s, uint64_t blocks,
                           uint64_t seeds) {
    MiningSample sample;
    sample.blocks.assign(shares.size(), 0);
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        MiningProcess process(shares, seed);
        ModelTime last = 0;
        for (uint64_t i = 0; i < blocks; ++i) {
            const auto found = process.next();
            sample.intervals_s.push_back(interval_s * to_intervals(found.time - last));
            ++sample.blocks[found.miner];
            last = found.time;
        }
    }
    return sample;
}

Findings judge_interval_law(const MiningSample& sample, double claimed_interval_s,
                            const std::vector<double>& claimed_shares) {
    const Spread spread = spread_of(sample.intervals_s);
    const double half = kZ95 * spread.standard_error();
    const auto law = [&](double x) { return -std::expm1(-x / claimed_interval_s); };
    constexpr double kToleranceOfMean = 0.01;
    return {judge({"1.interval_law.mean", "s", claimed_interval_s,
                   around(claimed_interval_s, kToleranceOfMean * claimed_interval_s)},
                  spread.mean, Range{spread.mean - half, spread.mean + half}),
            judge_p("1.interval_law.kolmogorov_smirnov_p",
                    kolmogorov_smirnov(sample.intervals_s, law).p),
            judge_p("1.interval_law.shares_chi_squared_p",
                    chi_squared(sample.blocks, claimed_shares).p)};
}

std::vector<RateClaim> two_miner_claims() {
    return {{2, 0.1, 4.76, 4.545, 0.2, false}, {2, 1, 33.33, 25, 0.2, false}};
}

std::vector<RateClaim> table_claims() {
    return {{4, .05, 3.66, 3.57, 3, true},  {4, .1, 7.15, 6.83, 3, true},
            {4, .5, 29.5, 24.9, 3, true},   {4, 1, 47.8, 37.2, 3, true},
            {16, .05, 4.54, 4.44, 3, true}, {16, .1, 8.90, 8.51, 3, true},
            {16, .5, 36.8, 31.2, 3, true},  {16, 1, 58.9, 46.6, 3, true}};
}

Findings check_rates(const std::vector<RateClaim>& claims, uint64_t heights, const GoOn& go_on) {
    Findings findings;
    for (const RateClaim& claim : claims) {
        const auto network = uniform_network(equal_shares(claim.miners), claim.lambda_delta);
        CHECK(network);
        const RaceResult run = race(*network, heights, 1, go_on);
        const auto name = [&](const char* rate) {
            return fmt::format("2.equal_miners.n={}.x={:g}.{}", claim.miners, claim.lambda_delta,
                               rate);
        };
        const auto tolerance = [&](double expected) {
            return claim.relative ? expected * claim.tolerance / 100 : claim.tolerance;
        };
        findings.push_back(judge_rate(name("S_t"), claim.stale_of_all,
                                      tolerance(claim.stale_of_all), run.stale_of_all()));
        if (!claim.relative) continue;
        findings.push_back(judge_rate(name("F_h"), claim.forked_heights,
                                      tolerance(claim.forked_heights), run.forked_heights()));
    }
    return findings;
}

Findings check_growth(double claimed, double tolerance, uint64_t heights, const GoOn& go_on) {
    const auto network = uniform_network(equal_shares(64), 1);
    CHECK(network);
    constexpr uint64_t kSeeds = 10;
    std::vector<double> growths;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed)
        growths.push_back(race(*network, heights / kSeeds, seed, go_on).growth());
    const Spread spread = spread_of(growths);
    const double half = student_95(kSeeds - 1) * spread.standard_error();
    return {judge({"3.growth.n=64.x=1", "", claimed, around(claimed, tolerance)}, spread.mean,
                  Range{spread.mean - half, spread.mean + half})};
}

Findings check_time_scales(const std::vector<TimeScale>& scales, uint64_t heights,
                           const GoOn& go_on) {
    constexpr uint64_t kSeeds = 20;
    Findings findings;
    Spread first;
    for (size_t i = 0; i < scales.size(); ++i) {
        const MiningNetwork network = linked_miners(16, scales[i]);
        std::vector<double> rates;
        // Each scale has its own seeds: equal ones would give the same blocks.
        for (uint64_t run = 1; run <= kSeeds; ++run) {
            rates.push_back(
                race(network, heights / kSeeds, 1'000 * i + run, go_on).stale_of_all().value());
        }
        const Spread spread = spread_of(rates);
        if (i == 0) {
            first = spread;
            continue;
        }
        const double error = std::hypot(first.standard_error(), spread.standard_error());
        findings.push_back(
            judge({fmt::format("3.time_scale.({:g},{:g})-({:g},{:g}).S_t", scales[i].interval_s,
                               scales[i].delay_s, scales[0].interval_s, scales[0].delay_s),
                   "sigma",
                   0,
                   {-3, 3}},
                  (spread.mean - first.mean) / error));
    }
    return findings;
}

Finding judge_decker(std::string name, const RaceResult& run, double integral) {
    // In units of the interval, the probability of a block in a short time is that time.
    const double expected = -100 * std::expm1(-integral);
    constexpr double kTolerance = 0.05;
    return judge_rate(std::move(name), expected, kTolerance * expected, run.forked_heights());
}

Findings check_decker(uint64_t heights, const GoOn& go_on) {
    auto random = SeededRandom::stream(1, 0, "verify decker");
    struct Case {
        const char* name;
        sim::Overlay overlay;
    };
    constexpr size_t kMiners = 50;
    const std::vector<Case> cases{
        {"random_outbound", sim::random_outbound(kMiners, 8, random)},
        {"watts_strogatz", sim::watts_strogatz(kMiners, 4, 100'000, random)},
        {"barabasi_albert", sim::barabasi_albert(kMiners, 3, random)},
        {"ring", sim::ring(kMiners)}};
    Findings findings;
    for (const Case& each : cases) {
        std::vector<Miner> miners;
        for (size_t i = 0; i < kMiners; ++i)
            miners.push_back({"", 1 + static_cast<double>(random.uniform(10))});
        std::vector<Link> links;
        constexpr uint64_t kDelayMean = 1'000'000;  // of a link, in microseconds
        for (const auto& [from, to] : each.overlay.links) {
            const auto delay = static_cast<double>(random.exponential(kDelayMean));
            links.push_back({from, to, delay / 1e6});
        }
        // An interval in which the slowest pair is a tenth of it apart.
        auto network = flooding_network(miners, links, 600);
        CHECK(network);
        ModelTime longest = 0;
        for (const ModelTime delay : network->delays) longest = std::max(longest, delay);
        network = flooding_network(miners, links, 600 * to_intervals(longest) / 0.1);
        CHECK(network);
        const RaceResult run = race(*network, heights, 1, go_on);
        findings.push_back(
            judge_decker(fmt::format("4.decker.{}.F_h", each.name), run, run.weighted_delay));
    }
    return findings;
}

std::vector<PoolRow> pool_rows() {
    return {{"10min", 600, 12.1, 1.51}, {"2.5min", 150, 3.61, 1.82}, {"1min", 60, 1.72, 2.15},
            {"10s", 10, .65, 4.77},     {"2s", 2, .54, 16.65},       {"1s", 1, .51, 26.74},
            {"0.5s", .5, .46, 38.15}};
}

Findings check_pool_rows(const std::vector<PoolRow>& rows, uint64_t heights, const GoOn& go_on) {
    constexpr double kMeanOfNominal = 1.0516;
    constexpr double kTolerance = 0.05;
    Findings findings;
    for (const PoolRow& row : rows) {
        const auto network =
            uniform_network(pool_shares_2016(), row.delay_s / (kMeanOfNominal * row.interval_s));
        CHECK(network);
        const RaceResult run = race(*network, heights, 1, go_on);
        findings.push_back(judge_rate(fmt::format("5.gervais.standard.{}.S_t", row.name),
                                      row.stale_of_all, kTolerance * row.stale_of_all,
                                      run.stale_of_all()));
    }
    return findings;
}

Findings check_partition(double claimed_stale, double intervals, uint64_t seeds,
                         const GoOn& go_on) {
    constexpr size_t kMiners = 10;
    constexpr size_t kMinority = 3;
    const auto network = uniform_network(equal_shares(kMiners), 0);
    CHECK(network);
    RacePartition partition;
    for (size_t miner = 0; miner < kMiners; ++miner)
        partition.minority.push_back(miner < kMinority);
    partition.until = from_intervals(intervals);
    RaceOptions options;
    options.heights = static_cast<uint64_t>(2 * intervals);  // well behind the end of the partition
    options.partition = partition;
    options.proceed = [&](uint64_t) { return go_on(); };
    std::vector<double> stale;
    uint64_t won = 0;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        options.seed = seed;
        const RaceResult run = run_race(*network, options);
        stale.push_back(static_cast<double>(run.stale()));
        bool majority_lost = false;
        for (size_t miner = kMinority; miner < kMiners; ++miner)
            majority_lost = majority_lost || run.mined[miner] > run.main[miner];
        won += majority_lost ? 1 : 0;
    }
    const Spread spread = spread_of(stale);
    const double half = kZ95 * spread.standard_error();
    constexpr double kTolerance = 1.2;
    return {
        judge({"7.partition.stale_blocks", "", claimed_stale, around(claimed_stale, kTolerance)},
              spread.mean, Range{spread.mean - half, spread.mean + half}),
        judge_equal("7.partition.minority_wins", "", 0, static_cast<double>(won))};
}

}  // namespace parley::lab
