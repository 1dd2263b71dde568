#include "contrib/lab/scenario/experiment.h"

#include <gtest/gtest.h>

#include <cmath>

namespace parley::lab {
namespace {

const RunProceed kAllHeights = [](uint64_t) { return true; };

constexpr const char* kFile = R"(consensus = "pow"
nodes = 4
seeds = 2
[mining]
interval_s = 10
[pbft]
validators = 4
[topology]
kind = "mesh"
[delay]
mean_s = 1
[stop]
heights = 20
)";

Experiment experiment(Level level, const std::vector<ScenarioChange>& changes = {}) {
    auto scenario = parse_scenario(kFile, "f", changes);
    EXPECT_TRUE(scenario) << scenario.error();
    return {"f", *scenario, level, changes};
}

TEST(Experiment, results_do_not_depend_on_the_number_of_threads) {
    const std::vector<Experiment> experiments{experiment(Level::model), experiment(Level::sim),
                                              experiment(Level::sim, {{"consensus", "pbft"}}),
                                              experiment(Level::model, {{"delay.mean_s", "50"}})};
    const auto alone = *run_experiments(experiments, 1, kAllHeights);
    const auto beside = *run_experiments(experiments, 4, kAllHeights);
    EXPECT_EQ(sweep_json(alone), sweep_json(beside));
    ASSERT_EQ(alone.size(), 4u);
    for (const RunReport& report : alone) {
        EXPECT_EQ(report.runs.size(), 2u);
        EXPECT_EQ(total_of(report).race.heights, 40u);
        EXPECT_FALSE(report.partial);
    }
    EXPECT_NEAR(alone[0].lambda_delta, 0.1, 1e-8);
    EXPECT_NEAR(alone[2].lambda_delta, 0.1, 1e-8);
    EXPECT_NEAR(alone[3].lambda_delta, 5, 1e-7);
    EXPECT_EQ(total_of(alone[2]).race.stale(), 0u);
    EXPECT_GT(total_of(alone[3]).race.stale(), total_of(alone[0]).race.stale());
}

TEST(Experiment, interrupted_experiments_are_partial) {
    Experiment long_one = experiment(Level::model);
    long_one.scenario.heights = 50'000'000;
    const auto reports =
        *run_experiments({long_one, experiment(Level::model)}, 1, [](uint64_t) { return false; });
    EXPECT_TRUE(reports[0].partial);
    EXPECT_TRUE(reports[1].partial);
    EXPECT_TRUE(reports[1].runs.empty());
    EXPECT_NE(sweep_text(reports).find("no height is final"), std::string::npos);
}

TEST(Experiment, error_of_one_run_ends_all) {
    const auto reports = run_experiments(
        {experiment(Level::model), experiment(Level::model, {{"consensus", "pbft"}})}, 2,
        kAllHeights);
    ASSERT_FALSE(reports);
    EXPECT_EQ(reports.error(), "f: the level model knows proof of work only; choose sim or live");
}

TEST(Experiment, change_takes_the_place_of_a_value) {
    const auto changed = [](const std::string& key, const std::string& value) {
        return parse_scenario(kFile, "f", {{key, value}});
    };
    EXPECT_EQ(changed("delay.mean_s", "0.25")->delay.mean_s, 0.25);
    EXPECT_EQ(changed("nodes", "9")->nodes, 9u);
    EXPECT_EQ(changed("topology.kind", "ring")->topology.kind, TopologyKind::ring);
    EXPECT_EQ(changed("topology.kind", "\"ring\"")->topology.kind, TopologyKind::ring);
    EXPECT_EQ(changed("load.transactions_per_s", "2")->transactions_per_s, 2);
    EXPECT_EQ(changed("mining.shares", "[0.75, 0.25]")->shares[0], 0.75);
    EXPECT_EQ(changed("delay.mean", "1").error(),
              "f: unknown key delay.mean; known here: law, regions, mean_s, asymmetric");
    EXPECT_EQ(changed("delay.mean_s", "x").error(), "f: delay.mean_s is not a number");
    EXPECT_EQ(changed("nodes.x", "1").error(), "f: nodes.x is not the name of a key in a table");
    EXPECT_EQ(changed("delay.", "1").error(), "f: \"delay.\" is not the name of a key");
}

TEST(Experiment, both_tables_of_consensus_stand_beside_each_other) {
    const auto pbft = parse_scenario(kFile, "f", {{"consensus", "pbft"}});
    ASSERT_TRUE(pbft) << pbft.error();
    EXPECT_EQ(pbft->validators, 4u);
    EXPECT_EQ(pbft->interval_s, 10);
    EXPECT_TRUE(pbft->shares.empty());
    EXPECT_EQ(parse_scenario(kFile, "f", {{"pbft.interval_s", "2"}})->interval_s, 10);
    EXPECT_EQ(
        parse_scenario(kFile, "f", {{"consensus", "pbft"}, {"pbft.interval_s", "2"}})->interval_s,
        2);
    // Both are checked, whichever runs.
    EXPECT_EQ(parse_scenario(kFile, "f", {{"pbft.validators", "5"}}).error(),
              "f: pbft.validators is 5; it must be from 1 to 4");
}

TEST(Experiment, combinations_of_values) {
    const auto two = *combinations({"a.b=1,2", "c=[3,4],\"x,y\""});
    ASSERT_EQ(two.size(), 4u);
    EXPECT_EQ(two[1][0].key, "a.b");
    EXPECT_EQ(two[1][0].value, "1");
    EXPECT_EQ(two[1][1].value, "\"x,y\"");
    EXPECT_EQ(two[2][0].value, "2");
    EXPECT_EQ(two[2][1].value, "[3,4]");
    EXPECT_FALSE(combinations({"a"}));
    EXPECT_FALSE(combinations({"=1"}));
    EXPECT_FALSE(combinations({"a=1,,2"}));
    EXPECT_FALSE(combinations({"a="}));
    const std::string many = "a=" + std::string(100, '1') + [] {
        std::string rest;
        for (int i = 0; i < 101; ++i) rest += ",1";
        return rest;
    }();
    EXPECT_FALSE(combinations({many, many}));
}

TEST(Experiment, mean_lambda_delta_weighs_pairs_by_shares) {
    MiningNetwork network = *uniform_network({0.7, 0.2, 0.1}, 0.3);
    EXPECT_NEAR(mean_lambda_delta(network), 0.3, 1e-6);
    EXPECT_EQ(mean_lambda_delta(*uniform_network({1}, 0.3)), 0);
    // The longer way leads to the smallest miner.
    network.delays[0 * 3 + 2] = network.delays[2 * 3 + 0] = from_intervals(0.6);
    const double pairs = 0.7 * 0.3 + 0.2 * 0.8 + 0.1 * 0.9;
    EXPECT_NEAR(mean_lambda_delta(network), 0.3 + 2 * 0.7 * 0.1 * 0.3 / pairs, 1e-6);
}

}  // namespace
}  // namespace parley::lab
