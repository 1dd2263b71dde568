// Level live without daemons: what they would be started with, and what made-up observations count
// as. tests/lab runs them.
#include "contrib/lab/scenario/live_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::lab {
namespace {

using testing::Contains;
using testing::HasSubstr;

Scenario two_nodes() {
    Scenario scenario;
    scenario.nodes = 2;
    scenario.interval_s = 2;
    scenario.shares = {.75, .25};
    scenario.delay.mean_s = 0.5;
    scenario.relay = BlockRelay::headers;
    scenario.heights = 3;
    return scenario;
}

ScenarioNetwork network_of(const Scenario& scenario) {
    return *build_network(scenario, "f", 1);
}

TEST(LiveRun, options_carry_shares_delay_links_and_relay) {
    const Scenario scenario = two_nodes();
    const auto options = live_options(scenario, network_of(scenario), "/parleyd");
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->nodes, 2u);
    EXPECT_EQ(options->delay_ms, 500);
    EXPECT_THAT(options->consensus, testing::ElementsAre(Consensus::pow));
    ASSERT_EQ(options->block_periods_s.size(), 2u);
    EXPECT_NEAR(options->block_periods_s[0], 2 / .75, 1e-9);
    EXPECT_NEAR(options->block_periods_s[1], 8, 1e-9);
    EXPECT_EQ(options->links.size(), 1u);
    EXPECT_THAT(options->node_arguments, Contains("-blockrelay=headers"));
    EXPECT_THAT(options->node_arguments, Contains("-peertimeout=60"));
}

TEST(LiveRun, pbft_has_validators_followers_and_its_timer) {
    Scenario scenario = two_nodes();
    scenario.consensus = ScenarioConsensus::pbft;
    scenario.shares.clear();
    scenario.nodes = 6;
    scenario.validators = 4;
    scenario.timeout_s = 1.5;
    const auto options = live_options(scenario, network_of(scenario), "/parleyd");
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->validators, 4u);
    EXPECT_THAT(options->node_arguments, Contains("-pbfttimeout=1500"));
    EXPECT_THAT(options->node_arguments, Contains("-pbftemptyblocks=2"));
    scenario.interval_s = 0.5;
    EXPECT_THAT(live_options(scenario, network_of(scenario), "/parleyd").error(),
                HasSubstr("whole seconds"));
}

TEST(LiveRun, what_daemons_cannot_do_is_an_error) {
    const auto error_of = [](const std::function<void(Scenario&)>& change) {
        Scenario scenario = two_nodes();
        const auto network = network_of(scenario);
        change(scenario);
        const auto options = live_options(scenario, network, "/parleyd");
        return options ? std::string{} : options.error();
    };
    EXPECT_EQ(error_of([](Scenario&) {}), "");
    EXPECT_THAT(error_of([](Scenario& each) { each.nodes = 17; }), HasSubstr("2 to 16 nodes"));
    EXPECT_THAT(error_of([](Scenario& each) { each.delay.regions = RegionData::year_2019; }),
                HasSubstr("one delay for all links"));
    EXPECT_THAT(error_of([](Scenario& each) { each.delay.asymmetric = true; }),
                HasSubstr("one delay for all links"));
    EXPECT_THAT(error_of([](Scenario& each) { each.delay.mean_s = 61; }), HasSubstr("60 s"));
    EXPECT_THAT(error_of([](Scenario& each) { each.validation_s = 1; }), HasSubstr("bandwidth"));
    const Scenario scenario = two_nodes();
    const auto run = run_daemons(scenario, network_of(scenario), 1, "/no/such/parleyd",
                                 [](uint64_t) { return true; });
    ASSERT_FALSE(run);
    EXPECT_THAT(run.error(), HasSubstr("/no/such/parleyd does not exist"));
}

/// g - a1 - a2 - a3, with b2 beside a2; node 1 first followed b2.
RunInput two_node_fork() {
    RunInput input;
    input.options.nodes = 2;
    input.duration = 10;
    const auto add = [&](const char* hash, const char* previous, int64_t height) {
        input.seen.blocks[hash] = SeenBlock{height, previous, {}, 300};
    };
    add("g", "", 0);
    add("a1", "g", 1);
    add("a2", "a1", 2);
    add("b2", "a1", 2);
    add("a3", "a2", 3);
    input.seen.tips = {{{0, "g"}, {1, "a1"}, {2, "a2"}, {3.5, "a3"}},
                       {{0, "g"}, {1.5, "a1"}, {2.2, "b2"}, {3, "a3"}}};
    return input;
}

TEST(LiveRun, observations_count_as_at_the_other_levels) {
    const RunInput input = two_node_fork();
    const ScenarioRun run = scenario_run(two_nodes(), evaluate(input), input.seen);
    EXPECT_EQ(run.race.heights, 3u);
    EXPECT_EQ(run.race.forked, 1u);
    EXPECT_EQ(run.race.blocks, 4u);
    EXPECT_EQ(run.race.main, (std::vector<uint64_t>{2, 1}));
    EXPECT_EQ(run.race.mined, (std::vector<uint64_t>{2, 2}));
    EXPECT_DOUBLE_EQ(run.race.intervals, 1.5);  // a3 was found after 3 s
    EXPECT_EQ(run.race.reorganisations.at(1), 1u);
    // a1 reached node 1 after 0.5 s, a3 node 0; a2 and b2 reached nobody as a tip.
    ASSERT_EQ(run.deliveries.size(), 2u);
    EXPECT_DOUBLE_EQ(DeliveryTimes(run.deliveries).percentile(1), 0.5);
    // Node 0 had three blocks after 0, 0 and 0.5 s, and node 1 after 0.5, 0 and 0 s.
    EXPECT_NEAR(run.race.weighted_delay, 0.5 / 3 / 2, 1e-9);
}

TEST(LiveRun, views_of_validators_are_traced_in_order) {
    Scenario scenario = two_nodes();
    scenario.consensus = ScenarioConsensus::pbft;
    scenario.shares.clear();
    RunInput input = two_node_fork();
    input.seen.tips = {{{0, "g"}, {1, "a1"}, {6, "a2"}}, {{0, "g"}, {1.5, "a1"}, {7, "a2"}}};
    // Node 0 votes for view 1, which begins, then for view 2, which does not; of node 1, polling
    // met the begin only; node 2 follows.
    input.seen.views = {{{0, 0, false}, {3, 1, true}, {5, 1, false}, {8, 2, true}, {9, 1, false}},
                        {{0, 0, false}, {4, 1, false}}};
    input.seen.views.emplace_back();
    input.seen.tips.push_back({{0, "g"}, {2, "a1"}});
    std::vector<std::string> steps;
    for (const TracedStep& each : scenario_run(scenario, evaluate(input), input.seen).trace.steps) {
        steps.push_back(std::to_string(each.validator) + " " + to_string(each.kind) + " " +
                        std::to_string(each.view));
    }
    EXPECT_THAT(
        steps, testing::ElementsAre("0 commit 0", "1 commit 0", "0 view_change 1", "1 new_view 1",
                                    "0 new_view 1", "0 commit 1", "1 commit 1", "0 view_change 2"));
    scenario.consensus = ScenarioConsensus::pow;
    EXPECT_TRUE(scenario_run(two_nodes(), evaluate(input), input.seen).trace.steps.empty());
}

TEST(LiveRun, heights_above_the_last_are_not_compared) {
    RunInput input = two_node_fork();
    input.last_height = 1;
    const ScenarioRun run = scenario_run(two_nodes(), evaluate(input), input.seen);
    EXPECT_EQ(run.race.heights, 1u);
    EXPECT_EQ(run.race.blocks, 1u);
    EXPECT_EQ(run.race.forked, 0u);
    EXPECT_DOUBLE_EQ(run.race.intervals, 0.5);
}

}  // namespace
}  // namespace parley::lab
