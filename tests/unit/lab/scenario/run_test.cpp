// One scenario at both levels.
#include "contrib/lab/scenario/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/scenario/run_report.h"

namespace parley::lab {
namespace {

const RunProceed kToTheEnd = [](uint64_t) { return true; };

Scenario two_equal_miners(uint64_t heights) {
    Scenario scenario;
    scenario.nodes = 2;
    scenario.interval_s = 1;
    scenario.shares = {.5, .5};
    scenario.delay.mean_s = 0.5;
    scenario.heights = heights;
    return scenario;
}

void expect_two_miners(const RaceResult& race, double x) {
    const double exact = two_miners(0.5, x).stale_of_all;
    const double error = std::sqrt(exact * (1 - exact) / static_cast<double>(race.blocks));
    EXPECT_NEAR(race.stale_of_all().value(), exact, 4 * error);
    EXPECT_EQ(race.forked, race.stale());
}

TEST(ScenarioRun, both_levels_follow_the_exact_rate_of_two_miners) {
    const Scenario scenario = two_equal_miners(600);
    const auto network = *build_network(scenario, "f", 1);
    const auto model = *run_model(scenario, network, 1, kToTheEnd);
    const auto sim = *run_sim(scenario, network, 1, kToTheEnd);
    for (const ScenarioRun* run : {&model, &sim}) {
        expect_two_miners(run->race, 0.5);
        EXPECT_EQ(run->race.heights, 600u);
        EXPECT_FALSE(run->race.partial);
        EXPECT_EQ(run->race.main[0] + run->race.main[1], 600u);
        EXPECT_EQ(run->race.mined[0] + run->race.mined[1], run->race.blocks);
        EXPECT_FALSE(run->race.reorganisations.empty());
        EXPECT_NEAR(run->race.growth(), two_miners(0.5, 0.5).growth, 0.12);
    }
    EXPECT_EQ(DeliveryTimes(model.deliveries).percentile(0.5), 0.5);
    // The simulator's nodes announce blocks, which takes at least one delay.
    EXPECT_GE(DeliveryTimes(sim.deliveries).percentile(0.5), 0.5);
    EXPECT_GT(sim.traffic.at("version").messages, 0u);
    EXPECT_EQ(sim.conflicts, 0u);
}

/// The nodes' timeouts are in seconds: neither they nor a block of a branch that is behind may
/// change the rate, which depends on the product of rate and delay alone.
TEST(ScenarioRun, slow_links_fork_as_fast_ones_at_the_same_lambda_delta) {
    for (const double delay : {0.1, 10.0, 20.0}) {
        Scenario scenario = two_equal_miners(800);
        scenario.interval_s = delay;
        scenario.delay.mean_s = delay;
        const auto network = *build_network(scenario, "f", 1);
        const auto sim = *run_sim(scenario, network, 3, kToTheEnd);
        EXPECT_FALSE(sim.race.partial) << delay;
        EXPECT_EQ(sim.race.heights, 800u);
        EXPECT_EQ(sim.traffic.at("version").messages, 2u) << "a connection was lost, " << delay;
        // Exact: F_h = 1/3. The interval of 99.9 %.
        const double f_h = static_cast<double>(sim.race.forked) / 800;
        EXPECT_NEAR(f_h, 1 / 3.0, 3.3 * std::sqrt(2 / 9.0 / 800)) << delay;
        EXPECT_EQ(DeliveryTimes(sim.deliveries).percentile(0.95), delay) << "one trip a block";
    }
}

/// A ring of five: two nodes are one hop away from the miner, and two are two hops away.
TEST(ScenarioRun, relay_modes_take_as_many_trips_at_both_levels) {
    struct Case {
        BlockRelay relay;
        double near_s, far_s;
    };
    // Validation takes 0.02 s a hop.
    for (const Case& each :
         {Case{BlockRelay::own, 0.12, 0.44}, Case{BlockRelay::push, 0.12, 0.24},
          Case{BlockRelay::headers, 0.32, 0.64}, Case{BlockRelay::inv, 0.32, 0.64}}) {
        Scenario scenario;
        scenario.nodes = 5;
        scenario.interval_s = 100;
        scenario.shares.assign(5, 0.2);
        scenario.topology.kind = TopologyKind::ring;
        scenario.delay.mean_s = 0.1;
        scenario.relay = each.relay;
        scenario.validation_s = 0.02;
        scenario.heights = 40;
        const auto network = *build_network(scenario, "f", 1);
        const auto model = *run_model(scenario, network, 1, kToTheEnd);
        const auto sim = *run_sim(scenario, network, 1, kToTheEnd);
        for (const ScenarioRun* run : {&model, &sim}) {
            const DeliveryTimes times(run->deliveries);
            EXPECT_NEAR(times.percentile(0.3), each.near_s, 1e-5) << to_string(each.relay);
            EXPECT_NEAR(times.percentile(0.7), each.far_s, 1e-5) << to_string(each.relay);
        }
    }
}

TEST(ScenarioRun, asymmetric_links_and_uplinks_count_alike_at_both_levels) {
    Scenario scenario = two_equal_miners(50);
    scenario.interval_s = 100;
    scenario.delay.law = sim::DelayLaw::uniform;
    scenario.delay.asymmetric = true;
    scenario.relay = BlockRelay::headers;
    scenario.node_bandwidth = {1'000'000, 0};
    scenario.block_bytes = 250'000;
    const auto network = *build_network(scenario, "f", 1);
    ASSERT_NE(network.delays, network.back_delays);
    const auto model = *run_model(scenario, network, 1, kToTheEnd);
    const auto sim = *run_sim(scenario, network, 1, kToTheEnd);
    const double there = std::chrono::duration<double>(network.delays[0]).count();
    const double back = std::chrono::duration<double>(network.back_delays[0]).count();
    for (const ScenarioRun* run : {&model, &sim}) {
        const DeliveryTimes times(run->deliveries);
        const double fast = 0.25 + there + back + std::min(there, back);
        EXPECT_NEAR(times.percentile(0.05), fast, 1e-5);
        EXPECT_NEAR(times.percentile(0.95), fast + std::abs(there - back), 1e-5);
    }
}

TEST(ScenarioRun, copies_wait_in_uplinks_at_both_levels) {
    for (const BlockRelay relay : {BlockRelay::push, BlockRelay::headers, BlockRelay::inv}) {
        Scenario scenario;
        scenario.nodes = 5;
        scenario.interval_s = 100;
        scenario.shares = {1, 0, 0, 0, 0};
        scenario.topology.kind = TopologyKind::star;
        scenario.delay.mean_s = 0.1;
        scenario.relay = relay;
        scenario.node_bandwidth = {1'000'000, 0};
        scenario.block_bytes = 500'000;
        scenario.heights = 20;
        const auto network = *build_network(scenario, "f", 1);
        const auto model = *run_model(scenario, network, 1, kToTheEnd);
        const auto sim = *run_sim(scenario, network, 1, kToTheEnd);
        const double trips = relay == BlockRelay::push ? 0.1 : 0.3;
        for (const ScenarioRun* run : {&model, &sim}) {
            const DeliveryTimes times(run->deliveries);
            for (const int copy : {1, 2, 3, 4}) {
                EXPECT_NEAR(times.percentile(copy / 4.0 - 0.1), trips + 0.5 * copy, 1e-5)
                    << to_string(relay) << " " << copy;
            }
        }
    }
}

TEST(ScenarioRun, block_bytes_slow_both_levels_down_alike) {
    Scenario scenario = two_equal_miners(600);
    scenario.bytes_per_second = 1e6;
    scenario.block_bytes = 500'000;  // half an interval more
    const auto network = *build_network(scenario, "f", 1);
    const auto model = *run_model(scenario, network, 1, kToTheEnd);
    const auto sim = *run_sim(scenario, network, 1, kToTheEnd);
    for (const ScenarioRun* run : {&model, &sim}) {
        expect_two_miners(run->race, 1);
        EXPECT_NEAR(DeliveryTimes(run->deliveries).percentile(0.5), 1, 0.01);
        // A block takes one second to the other half of the hash rate.
        EXPECT_NEAR(run->race.weighted_delay, 0.5, 0.05);
    }
}

TEST(ScenarioRun, block_bytes_slow_pbft_down_by_one_proposal_a_block) {
    Scenario scenario;
    scenario.consensus = ScenarioConsensus::pbft;
    scenario.nodes = 4;
    scenario.validators = 4;
    scenario.interval_s = 1;
    scenario.timeout_s = 10;
    scenario.delay.mean_s = 0.1;
    scenario.heights = 20;
    const auto network = *build_network(scenario, "f", 1);
    const auto fast = *run_sim(scenario, network, 1, kToTheEnd);
    scenario.bytes_per_second = 1e6;
    scenario.block_bytes = 2'000'000;
    const auto slow = *run_sim(scenario, network, 1, kToTheEnd);
    EXPECT_EQ(slow.race.heights, 20u);
    EXPECT_EQ(slow.race.blocks, 20u);
    // Only one of the three phases of a decision carries the block: two seconds for each height.
    EXPECT_NEAR(slow.race.intervals - fast.race.intervals, 2 * 20, 4);
}

TEST(ScenarioRun, sim_pbft_never_forks_and_confirms_the_load) {
    Scenario scenario;
    scenario.consensus = ScenarioConsensus::pbft;
    scenario.nodes = 5;
    scenario.validators = 4;
    scenario.interval_s = 1;
    scenario.delay.mean_s = 0.05;
    scenario.transactions_per_s = 1;
    scenario.heights = 20;
    const auto network = *build_network(scenario, "f", 1);
    const auto run = *run_sim(scenario, network, 1, kToTheEnd);
    EXPECT_EQ(run.race.heights, 20u);
    EXPECT_EQ(run.race.blocks, 20u);
    EXPECT_EQ(run.conflicts, 0u);
    EXPECT_GT(run.submitted, 5u);
    EXPECT_GT(run.confirmed, 3u);
    EXPECT_LE(run.confirmed, run.submitted);
    EXPECT_FALSE(run_model(scenario, network, 1, kToTheEnd));
}

/// Validators also pass proposals on to those who lack them: those are not in the picture.
TEST(ScenarioRun, trace_of_pbft_has_the_proposal_of_each_height_once) {
    Scenario scenario = two_equal_miners(40);
    scenario.consensus = ScenarioConsensus::pbft;
    scenario.shares.clear();
    scenario.nodes = scenario.validators = 4;
    scenario.delay.mean_s = 0.2;
    scenario.timeout_s = 4;
    const auto run = *run_sim(scenario, *build_network(scenario, "f", 1), 1, kToTheEnd);
    std::map<TracedKind, size_t> counts;
    double before = 0;
    for (const TracedStep& step : run.trace.steps) {
        ++counts[step.kind];
        EXPECT_EQ(step.view, 0u);
        EXPECT_GE(step.time_s, before);
        before = step.time_s;
        if (step.kind == TracedKind::proposal) {
            EXPECT_EQ(step.validator, 0u);
        }
    }
    // The run may end when the next height is under way.
    EXPECT_GE(counts[TracedKind::proposal], 40u);
    EXPECT_LE(counts[TracedKind::proposal], 41u);
    EXPECT_GE(counts[TracedKind::commit], 3 * 40u);
    EXPECT_LE(counts[TracedKind::commit], 4 * 41u);
    EXPECT_EQ(counts.size(), 2u);
}

TEST(ScenarioRun, sim_pbft_takes_any_timeout_and_says_what_nodes_refuse) {
    Scenario scenario;
    scenario.consensus = ScenarioConsensus::pbft;
    scenario.nodes = 4;
    scenario.validators = 4;
    scenario.interval_s = 0.5;
    scenario.heights = 2;
    const auto network = *build_network(scenario, "f", 1);
    for (const double timeout : {0.01, 600.0}) {
        scenario.timeout_s = timeout;
        const auto run = run_sim(scenario, network, 1, kToTheEnd);
        ASSERT_TRUE(run) << run.error();
        EXPECT_EQ(run->race.heights, 2u);
    }
    scenario.interval_s = 1e6;
    const auto refused = run_sim(scenario, network, 1, kToTheEnd);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().starts_with("PBFT's nodes refuse these times: "))
        << refused.error();
}

TEST(ScenarioRun, interrupted_run_is_partial_and_counts_what_is_agreed) {
    const Scenario scenario = two_equal_miners(10'000);
    const auto network = *build_network(scenario, "f", 1);
    for (const auto runner : {run_model, run_sim}) {
        const auto run =
            *runner(scenario, network, 1, [](uint64_t heights) { return heights < 50; });
        EXPECT_TRUE(run.race.partial);
        EXPECT_LT(run.race.heights, 10'000u);
        EXPECT_GT(run.race.heights, 30u);
    }
}

TEST(ScenarioRun, equal_seeds_give_equal_runs) {
    const Scenario scenario = two_equal_miners(50);
    const auto network = *build_network(scenario, "f", 1);
    const auto first = *run_sim(scenario, network, 7, kToTheEnd);
    const auto again = *run_sim(scenario, network, 7, kToTheEnd);
    EXPECT_EQ(first.race.intervals, again.race.intervals);
    EXPECT_EQ(first.race.mined, again.race.mined);
    EXPECT_NE(first.race.intervals, run_sim(scenario, network, 8, kToTheEnd)->race.intervals);
}

TEST(ScenarioRun, report_marks_a_partial_run_and_one_without_heights) {
    RunReport report;
    report.scenario = two_equal_miners(10);
    report.partial = true;
    EXPECT_NE(run_text(report).find("PARTIAL"), std::string::npos);
    EXPECT_NE(sweep_text({report}).find("PARTIAL"), std::string::npos);
    EXPECT_NE(run_text(report).find("has no fork rate"), std::string::npos);
    const auto network = *build_network(report.scenario, "f", 1);
    report.runs.push_back(*run_model(report.scenario, network, 1, kToTheEnd));
    report.partial = false;
    EXPECT_NE(run_text(report).find("(n = 10)"), std::string::npos) << run_text(report);
    EXPECT_EQ(run_text(report).find("PARTIAL"), std::string::npos);
    EXPECT_EQ(sweep_text({report}).find("PARTIAL"), std::string::npos);
}

TEST(ScenarioRun, delivery_percentile_weighs_by_blocks) {
    const DeliveryTimes times({{3, 1}, {1, 98}, {2, 1}});
    EXPECT_EQ(times.percentile(0.5), 1);
    EXPECT_EQ(times.percentile(0.99), 2);
    EXPECT_EQ(times.percentile(1), 3);
    EXPECT_TRUE(std::isnan(DeliveryTimes({}).percentile(0.5)));
}

}  // namespace
}  // namespace parley::lab
