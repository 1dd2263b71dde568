#include "contrib/lab/verify/finding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "contrib/lab/verify/check.h"
#include "rpc/jsonrpc/json.h"

namespace parley::lab {
namespace {

TEST(Finding, judge_accepts_the_ends_of_the_range_and_nothing_beyond) {
    const Claim claim{"a", "s", 2, {1, 3}};
    for (const double inside : {1., 2., 3.}) EXPECT_EQ(judge(claim, inside).verdict, Verdict::pass);
    for (const double outside : {0.999, 3.001, std::nan(""), HUGE_VAL})
        EXPECT_EQ(judge(claim, outside).verdict, Verdict::fail) << outside;
}

TEST(Finding, judge_failure_says_whether_a_longer_run_could_help) {
    const Claim claim{"a", "s", 2, {1, 3}};
    const Finding undecided = judge(claim, 3.1, Range{2.9, 3.3});
    EXPECT_EQ(undecided.verdict, Verdict::fail);
    EXPECT_NE(undecided.reason.find("a longer run"), std::string::npos) << undecided.reason;
    const Finding decided = judge(claim, 3.1, Range{3.05, 3.15});
    EXPECT_EQ(decided.reason, "3.1 s is outside 1 to 3 s");
}

TEST(Finding, judge_rate_of_nothing_fails) {
    const Finding finding = judge_rate("a", 5, 10, {0, 0});
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_EQ(finding.reason, "nothing was measured");
    const Finding some = judge_rate("a", 5, 1, {50, 1'000});
    EXPECT_EQ(some.verdict, Verdict::pass);
    EXPECT_DOUBLE_EQ(some.measured, 5);
    ASSERT_TRUE(some.interval);
    EXPECT_LT(some.interval->low, 5);
    EXPECT_GT(some.interval->high, 5);
}

TEST(Finding, judge_p_refutes_below_one_percent) {
    EXPECT_EQ(judge_p("a", 0.011).verdict, Verdict::pass);
    EXPECT_EQ(judge_p("a", 0.009).verdict, Verdict::fail);
}

TEST(Finding, judge_equal_accepts_one_value) {
    EXPECT_EQ(judge_equal("a", "", 24, 24).verdict, Verdict::pass);
    EXPECT_EQ(judge_equal("a", "", 24, 25).verdict, Verdict::fail);
}

TEST(Finding, reports_name_what_failed_and_what_did_not_run) {
    const Findings findings{judge_equal("ok", "s", 1, 1), judge_equal("bad", "s", 1, 2),
                            not_run("later", "the budget is used up")};
    EXPECT_TRUE(any_failed(findings));
    EXPECT_FALSE(any_failed({findings[0], findings[2]}));
    const std::string text = findings_text(findings, true);
    for (const char* part : {"PARTIAL", "FAIL: 2 s is outside 1 s",
                             "not run: the budget is used up.", "1 passed, 1 failed, 1 not run"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    const auto json = rpc::parse_json(findings_json(findings, false));
    ASSERT_TRUE(json);
    EXPECT_FALSE(json->find("passed")->boolean());
    ASSERT_EQ(json->find("checks")->array().size(), 3u);
    EXPECT_EQ(json->find("checks")->array()[1].find("verdict")->string(), "FAIL");
    EXPECT_EQ(json->find("checks")->array()[2].find("measured"), nullptr);
}

std::vector<Check> three_checks(int& runs) {
    const auto run = [&runs](Effort, const GoOn&) {
        ++runs;
        return Findings{judge_equal("x", "", 1, 1)};
    };
    return {{"short", 1, true, run}, {"long", 100, false, run}, {"short too", 1, true, run}};
}

TEST(Check, run_checks_leaves_out_what_the_budget_has_no_room_for) {
    int runs = 0;
    const CheckRun run = run_checks(
        three_checks(runs), Effort::full, [] { return 10.0; }, [](size_t) { return true; },
        [] { return true; });
    EXPECT_EQ(runs, 2);
    ASSERT_EQ(run.findings.size(), 3u);
    EXPECT_EQ(run.findings[1].verdict, Verdict::not_run);
    EXPECT_EQ(run.findings[1].reason, "it takes about 100 s, and 10 s of the budget are left");
    EXPECT_FALSE(run.partial);
}

TEST(Check, run_checks_quick_needs_no_budget) {
    int runs = 0;
    const CheckRun run = run_checks(
        three_checks(runs), Effort::quick, [] { return 0.0; }, [](size_t) { return true; },
        [] { return true; });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(run.findings[1].verdict, Verdict::not_run);
}

TEST(Check, check_without_an_end_is_given_what_the_others_leave) {
    double given = 0;
    const Check check{"x", 10, true, {}, [&](double seconds, const GoOn&) {
                          given = seconds;
                          return Findings{judge_equal("x", "", 1, 1)};
                      }};
    const auto run = [&](Effort effort, double left) {
        return run_checks(
            {check}, effort, [left] { return left; }, [](size_t) { return true; },
            [] { return true; });
    };
    EXPECT_EQ(run(Effort::full, 250).findings[0].verdict, Verdict::pass);
    EXPECT_EQ(given, 250);
    EXPECT_EQ(run(Effort::full, 9).findings[0].verdict, Verdict::not_run);
    EXPECT_EQ(run(Effort::quick, 0).findings[0].verdict, Verdict::pass);
    EXPECT_EQ(given, kQuickSeconds);
}

TEST(Check, run_checks_interrupted_discards_the_check_that_ran) {
    int runs = 0;
    const CheckRun run = run_checks(
        three_checks(runs), Effort::full, [] { return 1'000.0; }, [&](size_t) { return runs < 2; },
        [&] { return runs < 2; });
    EXPECT_EQ(runs, 2);
    EXPECT_TRUE(run.partial);
    ASSERT_EQ(run.findings.size(), 3u);
    EXPECT_EQ(run.findings[0].verdict, Verdict::pass);
    EXPECT_EQ(run.findings[1].verdict, Verdict::not_run);
    EXPECT_EQ(run.findings[2].verdict, Verdict::not_run);
}

}  // namespace
}  // namespace parley::lab
