#include "contrib/lab/run_result.h"

#include <gtest/gtest.h>

#include <cmath>

#include "contrib/lab/picture.h"
#include "contrib/lab/report.h"

namespace parley::lab {
namespace {

void add_block(Observations& seen, const std::string& hash, const std::string& previous,
               int64_t height, std::vector<std::string> transactions = {}) {
    seen.blocks[hash] = SeenBlock{height, previous, std::move(transactions), 300};
}

/// g - a1 - a2 - a3, with b2 beside a2; node 1 first followed b2.
RunInput forked_run() {
    RunInput input;
    input.options.nodes = 2;
    input.options.delay_ms = 100;
    input.duration = 10;
    add_block(input.seen, "g", "", 0);
    add_block(input.seen, "a1", "g", 1, {"t1"});
    add_block(input.seen, "a2", "a1", 2, {"t2"});
    add_block(input.seen, "b2", "a1", 2, {"t2"});
    add_block(input.seen, "a3", "a2", 3);
    input.seen.tips = {{{0, "g"}, {1, "a1"}, {2, "a2"}, {3, "a3"}},
                       {{0, "g"}, {1.1, "a1"}, {2.05, "b2"}, {3.1, "a3"}}};
    input.sent = {{"t1", {0, 0.5}}, {"t2", {1, 1.5}}, {"t3", {0, 2.5}}};
    input.bytes = 1'000;
    return input;
}

TEST(RunResult, evaluate_fork_counts_the_three_rates) {
    const RunResult result = evaluate(forked_run());
    EXPECT_EQ(result.heights, 3u);
    EXPECT_EQ(result.blocks, 4u);
    EXPECT_EQ(result.stale, 1u);
    EXPECT_DOUBLE_EQ(result.fork_rate.value(), 1.0 / 3);
    EXPECT_DOUBLE_EQ(result.stale_of_all.value(), 1.0 / 4);
    EXPECT_DOUBLE_EQ(result.stale_of_main.value(), 1.0 / 3);
    EXPECT_TRUE(result.agreed);
}

TEST(RunResult, evaluate_reorganisation_counts_depth_once) {
    const RunResult result = evaluate(forked_run());
    ASSERT_EQ(result.reorganisations.size(), 1u);
    EXPECT_EQ(result.reorganisations.at(1), 1u);
}

TEST(RunResult, evaluate_confirmation_is_timed_at_the_sending_node) {
    const RunResult result = evaluate(forked_run());
    ASSERT_EQ(result.to_one.size(), 2u);
    EXPECT_DOUBLE_EQ(result.to_one[0], 0.5);   // t1: node 0 has a1 at 1.0
    EXPECT_DOUBLE_EQ(result.to_one[1], 0.55);  // t2: node 1 has b2 at 2.05, stale or not
    EXPECT_TRUE(result.to_six.empty());
    EXPECT_EQ(result.confirmed, 2u);
    EXPECT_DOUBLE_EQ(result.bytes_per_transaction, 500);
}

TEST(RunResult, evaluate_disagreement_compares_only_the_common_heights) {
    RunInput input = forked_run();
    input.seen.tips[1].pop_back();
    const RunResult result = evaluate(input);
    EXPECT_FALSE(result.agreed);
    EXPECT_EQ(result.heights, 1u);
    EXPECT_EQ(result.stale, 0u);
}

TEST(RunResult, report_without_blocks_names_no_rate) {
    RunInput input = forked_run();
    input.consensus = Consensus::pbft;
    input.seen.tips = {{{0, "g"}}, {{0, "g"}}};
    const RunResult result = evaluate(input);
    EXPECT_EQ(result.heights, 0u);
    EXPECT_NE(table_text({result}).find("no blocks"), std::string::npos);
    EXPECT_NE(json_text({result}).find("\"F_h\": null"), std::string::npos);
}

TEST(RunResult, json_has_the_promised_members) {
    RunInput pbft = forked_run();
    pbft.consensus = Consensus::pbft;
    const std::string json = json_text({evaluate(forked_run()), evaluate(pbft)});
    EXPECT_EQ(json.find("\"partial\": true"), std::string::npos);
    for (const char* name : {"\"pow\": {", "\"pbft\": {", "\"heights\": 3", "\"F_h\": 0.333",
                             "\"S_t\": 0.25", "\"S_m\": 0.333", "\"mined\": 4"}) {
        EXPECT_NE(json.find(name), std::string::npos) << name << " in " << json;
    }
}

TEST(RunResult, interrupted_run_is_marked_as_partial_everywhere) {
    RunInput input = forked_run();
    input.partial = true;
    const std::vector<RunResult> results{evaluate(input)};
    EXPECT_NE(table_text(results).find("PARTIAL"), std::string::npos);
    EXPECT_NE(json_text(results).find("\"partial\": true"), std::string::npos);
    EXPECT_NE(picture_svg(results).find("PARTIAL"), std::string::npos);
    EXPECT_EQ(table_text({evaluate(forked_run())}).find("PARTIAL"), std::string::npos);
}

TEST(RunResult, picture_has_a_bar_for_each_rate_and_a_mark_for_each_block) {
    const std::string svg = picture_svg({evaluate(forked_run())});
    EXPECT_EQ(svg.rfind("<svg ", 0), 0u);
    EXPECT_NE(svg.find("fill=\"#b3261e\""), std::string::npos);  // the stale block
    EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Statistics, wilson_interval_matches_published_values) {
    // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I,
    // method 3.
    const Proportion a{81, 263};
    EXPECT_NEAR(a.low(), 0.2553, 5e-5);
    EXPECT_NEAR(a.high(), 0.3662, 5e-5);
    const Proportion b{0, 20};
    EXPECT_DOUBLE_EQ(b.low(), 0);
    EXPECT_NEAR(b.high(), 0.1611, 5e-5);
    const Proportion c{1, 29};
    EXPECT_NEAR(c.low(), 0.0061, 5e-5);
    EXPECT_NEAR(c.high(), 0.1718, 5e-5);
}

TEST(Statistics, percentile_interpolates) {
    EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 0.5), 2.5);
    EXPECT_DOUBLE_EQ(percentile({7}, 0.95), 7);
    EXPECT_TRUE(std::isnan(percentile({}, 0.5)));
}

TEST(Statistics, expected_fork_rate_approaches_the_closed_form) {
    EXPECT_NEAR(expected_fork_rate(std::vector<double>(1'000, 0.001), 1, 0.1), 1 - std::exp(-0.1),
                2e-4);
    EXPECT_DOUBLE_EQ(expected_fork_rate({1}, 1, 10), 0);  // a single miner never forks
}

TEST(LiveOptions, parse_bad_value_names_the_option) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"--nodes", "3"},
                                                                       {"--nodes", "4x"},
                                                                       {"--consensus", "raft"},
                                                                       {"--seconds", "0"},
                                                                       {"--delay-ms"}}) {
        const auto options = parse_live_options("/nowhere/parley-lab", arguments);
        ASSERT_FALSE(options);
        EXPECT_EQ(options.error().exit_code, 1);
        EXPECT_NE(options.error().message.find(arguments[0]), std::string::npos);
    }
}

TEST(LiveOptions, parse_missing_daemon_says_where_it_was_expected) {
    const auto options = parse_live_options("/nowhere/parley-lab", {});
    ASSERT_FALSE(options);
    EXPECT_NE(options.error().message.find("/nowhere/parleyd"), std::string::npos);
}

}  // namespace
}  // namespace parley::lab
