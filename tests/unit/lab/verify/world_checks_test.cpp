// The controls of the checks that run whole nodes in virtual time.
#include <gtest/gtest.h>

#include "contrib/lab/verify/determinism_checks.h"
#include "contrib/lab/verify/network_checks.h"
#include "contrib/lab/verify/pbft_checks.h"

namespace parley::lab {
namespace {

const GoOn kAlways = [] { return true; };

TEST(VerifyHeadline, follows_the_table_and_a_false_claim_fails) {
    const Findings good = check_headline({{.5, 36.8}}, 40, kAlways);
    ASSERT_EQ(good.size(), 2u);
    EXPECT_FALSE(any_failed(good)) << findings_text(good, false);
    EXPECT_EQ(check_headline({{.5, 80}}, 40, kAlways)[0].verdict, Verdict::fail);
    // A run that was ended has no forks of PBFT, and proves nothing.
    EXPECT_EQ(check_headline({{.5, 36.8}}, 40, [] { return false; })[1].verdict, Verdict::fail);
}

TEST(VerifyHeadline, live_without_a_daemon_is_not_run) {
    const Findings findings = check_live("/no/such/parleyd", 1, kAlways);
    ASSERT_EQ(findings.size(), 3u);
    for (const Finding& each : findings) EXPECT_EQ(each.verdict, Verdict::not_run);
}

TEST(VerifyNetwork, false_claims_fail) {
    const Findings findings = check_network_rows({{"x", 1, 99, .001}}, 2'000, kAlways);
    ASSERT_EQ(findings.size(), 3u);
    EXPECT_EQ(findings[0].verdict, Verdict::fail);
    EXPECT_NE(findings[0].reason.find("9900 stale blocks of 10000"), std::string::npos);
    EXPECT_EQ(findings[1].verdict, Verdict::fail);
    EXPECT_EQ(findings[2].verdict, Verdict::pass);  // push is faster
}

TEST(VerifyPbft, decision_costs_what_castro_and_liskov_say) {
    const DecisionCost cost = measure_decision(4, PrimaryFault::none, 3);
    EXPECT_EQ(cost.messages, 24u);
    EXPECT_EQ(cost.committed_everywhere, 3 * cost.delay);
    EXPECT_FALSE(any_failed(judge_decision(cost)));
}

TEST(VerifyPbft, decision_of_another_size_or_with_a_message_too_many_fails) {
    DecisionCost cost = measure_decision(4, PrimaryFault::none, 3);
    ++cost.messages;
    EXPECT_EQ(judge_decision(cost)[0].verdict, Verdict::fail);
    cost.validators = 5;
    EXPECT_EQ(judge_decision(cost)[0].verdict, Verdict::fail);
    cost.committed_everywhere += Duration{1};
    EXPECT_EQ(judge_decision(cost)[1].verdict, Verdict::fail);
    cost.committed_everywhere = Duration{0};  // never
    EXPECT_EQ(judge_decision(cost)[1].verdict, Verdict::fail);
}

TEST(VerifyPbft, primary_without_a_fault_fails_the_checks_of_faulty_ones) {
    const DecisionCost good = measure_decision(4, PrimaryFault::none, 3);
    EXPECT_EQ(judge_crashed_primary(good).verdict, Verdict::fail);
    EXPECT_EQ(judge_silent_primary(good).verdict, Verdict::fail);
    EXPECT_EQ(judge_crashed_primary(measure_decision(4, PrimaryFault::crashed, 3)).verdict,
              Verdict::pass);
    EXPECT_EQ(judge_silent_primary(measure_decision(4, PrimaryFault::silent, 3)).verdict,
              Verdict::pass);
}

TEST(VerifyPbft, partition_that_leaves_a_quorum_fails_the_check_of_one_that_does_not) {
    const Findings halves = judge_partition(measure_partition({{0, 1}, {2, 3}}, 3));
    EXPECT_FALSE(any_failed(halves)) << findings_text(halves, false);
    const Findings quorum = judge_partition(measure_partition({{0, 1, 2}, {3}}, 3));
    EXPECT_EQ(quorum[0].verdict, Verdict::fail);
    EXPECT_EQ(quorum[1].verdict, Verdict::pass);
}

TEST(VerifyPbft, two_equivocators_of_four_conflict_in_every_seed_and_one_in_none) {
    EXPECT_EQ(count_conflicts(2, 3, kAlways), 3u);
    EXPECT_EQ(count_conflicts(1, 3, kAlways), 0u);
}

TEST(VerifyDeterminism, other_seed_has_another_trace) {
    const WorldDigests first = mine_world(1, 20);
    EXPECT_EQ(judge_same("same", first, mine_world(1, 20)).verdict, Verdict::pass);
    EXPECT_EQ(judge_same("other", first, mine_world(2, 20)).verdict, Verdict::fail);
}

// Written down, so that builds with and without optimisation, and other machines, are compared with
// each other. If a change of a node's behaviour moves these blocks, note the new digest, and check
// that a release build gives the same.
TEST(VerifyDeterminism, blocks_of_a_seed_are_the_same_in_every_build) {
    EXPECT_EQ(mine_world(1, 100).blocks.to_string(),
              "498198cd0bcd897f62400aa294da606d641ab5d2c37617eada4fcc0a207ebf70");
}

}  // namespace
}  // namespace parley::lab
