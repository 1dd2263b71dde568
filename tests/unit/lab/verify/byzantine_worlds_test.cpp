// The acceptance point about safety, and its controls.
#include "contrib/lab/verify/byzantine_worlds.h"

#include <gtest/gtest.h>

namespace parley::lab {
namespace {

constexpr uint64_t kWorlds = 6;
constexpr double kEnough = 300;
const GoOn kGoOn = [] { return true; };

TEST(ByzantineWorlds, are_safe_and_live_with_f_liars) {
    const ByzantineTally tally =
        run_byzantine_worlds(kWorlds, kEnough, ByzantineControl::none, kGoOn);
    EXPECT_EQ(tally.worlds, kWorlds);
    EXPECT_EQ(tally.heights_wanted, 3 * kWorlds);
    const Findings findings = judge_byzantine_worlds(tally, kWorlds);
    ASSERT_EQ(findings.size(), 3u);
    for (const Finding& each : findings)
        EXPECT_EQ(each.verdict, Verdict::pass) << findings_text(findings, false);
}

TEST(ByzantineWorlds, conflict_if_one_more_than_f_shows_two_faces) {
    const ByzantineTally tally =
        run_byzantine_worlds(kWorlds, kEnough, ByzantineControl::one_too_many, kGoOn);
    EXPECT_GT(tally.conflicts, 0u);
    EXPECT_EQ(judge_byzantine_worlds(tally, kWorlds)[0].verdict, Verdict::fail);
}

TEST(ByzantineWorlds, seed_gives_the_same_world_again) {
    const ByzantineTally first = run_byzantine_world(3, ByzantineControl::one_too_many);
    const ByzantineTally again = run_byzantine_world(3, ByzantineControl::one_too_many);
    EXPECT_EQ(first.conflicts, again.conflicts);
    EXPECT_EQ(first.heights_final, again.heights_final);
}

TEST(ByzantineWorlds, too_few_heights_or_seeds_do_not_pass) {
    const Findings few_heights = judge_byzantine_worlds({100, 0, 300, 284}, 100);
    EXPECT_EQ(few_heights[1].verdict, Verdict::fail);
    EXPECT_EQ(judge_byzantine_worlds({100, 0, 300, 285}, 100)[1].verdict, Verdict::pass);
    const Findings few_seeds = judge_byzantine_worlds({99, 0, 297, 297}, 100);
    EXPECT_EQ(few_seeds[2].verdict, Verdict::not_run);
    EXPECT_EQ(few_seeds[2].reason,
              "99 of 100 seeds fitted into the budget; the two results above are theirs");
    for (const Finding& each : judge_byzantine_worlds({}, 100))
        EXPECT_NE(each.verdict, Verdict::pass);
}

TEST(ByzantineWorlds, end_with_the_time) {
    EXPECT_EQ(run_byzantine_worlds(kWorlds, 0, ByzantineControl::none, kGoOn).worlds, 0u);
    EXPECT_EQ(
        run_byzantine_worlds(kWorlds, kEnough, ByzantineControl::none, [] { return false; }).worlds,
        0u);
}

}  // namespace
}  // namespace parley::lab
