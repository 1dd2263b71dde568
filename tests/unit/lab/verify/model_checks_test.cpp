// The controls of `parley-lab verify`: each check of the abstract models passes for the true claim,
// and fails for a false claim or a distorted sample.
#include <gtest/gtest.h>

#include <cmath>

#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/verify/attack_checks.h"
#include "contrib/lab/verify/race_checks.h"

namespace parley::lab {
namespace {

const GoOn kGoOn = [] { return true; };

/// The verdicts as a word: "p" for pass, "F" for FAIL.
std::string verdicts(const Findings& findings) {
    std::string text;
    for (const Finding& each : findings) {
        text += each.verdict == Verdict::pass ? 'p' : each.verdict == Verdict::fail ? 'F' : '-';
    }
    return text;
}

MiningSample true_sample() {
    return mining_sample({.5, .3, .2}, 600, 100'000, 1);
}

TEST(VerifyInterval, exponential_sample_passes) {
    EXPECT_EQ(verdicts(judge_interval_law(true_sample(), 600, {.5, .3, .2})), "ppp");
}

TEST(VerifyInterval, wrong_mean_fails) {
    EXPECT_EQ(verdicts(judge_interval_law(true_sample(), 615, {.5, .3, .2})), "FFp");
}

TEST(VerifyInterval, other_law_with_the_right_mean_fails) {
    MiningSample sample = true_sample();
    auto random = SeededRandom(1);
    for (double& interval : sample.intervals_s)
        interval = static_cast<double>(random.uniform(1'200'001)) / 1'000;
    EXPECT_EQ(verdicts(judge_interval_law(sample, 600, {.5, .3, .2})), "pFp");
    // One block in a hundred comes at once, and the others late enough that the mean is right.
    sample = true_sample();
    for (size_t i = 0; i < sample.intervals_s.size(); ++i)
        sample.intervals_s[i] = i % 100 == 0 ? 0 : sample.intervals_s[i] * 100 / 99;
    EXPECT_EQ(verdicts(judge_interval_law(sample, 600, {.5, .3, .2})), "pFp");
}

TEST(VerifyInterval, miner_that_finds_too_much_fails) {
    MiningSample sample = true_sample();
    sample.blocks[0] += 700;
    sample.blocks[1] -= 700;
    EXPECT_EQ(verdicts(judge_interval_law(sample, 600, {.5, .3, .2})), "ppF");
}

TEST(VerifyRates, claims_of_another_delay_fail) {
    auto claims = two_miner_claims();
    EXPECT_EQ(verdicts(check_rates(claims, 300'000, kGoOn)), "pp");
    for (RateClaim& claim : claims) claim.lambda_delta *= 1.1;
    EXPECT_EQ(verdicts(check_rates(claims, 300'000, kGoOn)), "FF");
}

TEST(VerifyRates, claims_of_another_number_of_miners_fail) {
    auto claims = table_claims();
    for (RateClaim& claim : claims) claim.miners = claim.miners == 4 ? 5 : 10;
    EXPECT_EQ(verdicts(check_rates(claims, 60'000, kGoOn)), std::string(16, 'F'));
}

TEST(VerifyGrowth, growth_of_infinitely_many_miners_fails) {
    EXPECT_EQ(verdicts(check_growth(.509, .005, 50'000, kGoOn)), "p");
    EXPECT_EQ(verdicts(check_growth(many_small_miners(1).growth, .005, 50'000, kGoOn)), "F");
}

TEST(VerifyTimeScale, scale_with_another_ratio_fails) {
    EXPECT_EQ(verdicts(check_time_scales({{600, 60}, {10, 1.05}, {.5, .05}}, 100'000, kGoOn)),
              "Fp");
}

TEST(VerifyDecker, integral_of_another_network_fails) {
    const auto network = *uniform_network(std::vector<double>(20, .05), .08);
    RaceOptions options;
    options.heights = 300'000;
    const RaceResult run = run_race(network, options);
    EXPECT_EQ(judge_decker("own", run, run.weighted_delay).verdict, Verdict::pass);
    EXPECT_EQ(judge_decker("longer", run, 1.1 * run.weighted_delay).verdict, Verdict::fail);
    // All miners but the finder, instead of all of the hash rate.
    EXPECT_EQ(judge_decker("unweighted", run, .08).verdict, Verdict::fail);
}

TEST(VerifyPools, rows_with_the_median_delay_fail) {
    auto rows = pool_rows();
    const std::vector<double> medians{14.7, 4.18, 2.08, 1, .84, .82, .82};
    for (size_t i = 0; i < rows.size(); ++i) rows[i].delay_s = medians[i];
    EXPECT_EQ(verdicts(check_pool_rows(rows, 50'000, kGoOn)), std::string(7, 'F'));
}

TEST(VerifySelfish, revenue_of_an_honest_pool_fails) {
    auto claims = selfish_claims();
    ASSERT_EQ(claims.size(), 9u);
    // As published.
    EXPECT_NEAR(claims[1].revenue, .25, 1e-5);
    EXPECT_NEAR(claims[3].revenue, .36651, 1e-5);
    EXPECT_NEAR(claims[6].revenue, .48372, 1e-5);
    EXPECT_EQ(verdicts(check_selfish_mining(claims, 300'000, kGoOn)), "ppppppppp");
    for (SelfishClaim& claim : claims) claim.revenue = claim.alpha;
    // At alpha = 1/4, gamma = 1/2 selfish mining just breaks even.
    EXPECT_EQ(verdicts(check_selfish_mining(claims, 300'000, kGoOn)), "FpFFFFFFF");
}

TEST(VerifyDoubleSpend, formula_of_the_other_model_fails) {
    auto claims = double_spend_claims();
    ASSERT_EQ(claims.size(), 9u);
    EXPECT_EQ(verdicts(check_double_spends(claims, 100'000, kGoOn)), "ppppppppp");
    for (DoubleSpendClaim& claim : claims) {
        claim.success = claim.model == DoubleSpendModel::nakamoto
                            ? rosenfeld_double_spend(claim.q, claim.confirmations)
                            : nakamoto_double_spend(claim.q, claim.confirmations);
    }
    // So many attempts tell the models apart where they differ by much.
    std::erase_if(claims, [](const DoubleSpendClaim& claim) {
        return claim.confirmations < 2 || claim.confirmations > 5;
    });
    EXPECT_EQ(verdicts(check_double_spends(claims, 100'000, kGoOn)), "FFFFFF");
}

TEST(VerifyPartition, wrong_share_of_the_minority_fails) {
    EXPECT_EQ(verdicts(check_partition(30, 100, 200, kGoOn)), "pp");
    EXPECT_EQ(verdicts(check_partition(33, 100, 200, kGoOn)), "Fp");
}

TEST(VerifyPartition, short_partition_that_the_minority_may_win_fails) {
    EXPECT_EQ(verdicts(check_partition(30, 4, 200, kGoOn)), "FF");
}

}  // namespace
}  // namespace parley::lab
