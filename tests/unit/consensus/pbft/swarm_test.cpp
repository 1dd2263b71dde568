// Swarm: worlds with random faults and random Byzantine validators (swarm.h), and each behaviour
// alone. contrib/swarm.sh runs many more seeds than the test command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "tests/unit/consensus/pbft/swarm.h"
#include "tests/unit/seed.h"

namespace parley::pbft::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeedsUsual = 50;

TEST(Swarm, stays_safe_and_becomes_live) {
    const uint64_t base = test_seed();
    const char* wanted = std::getenv("PARLEY_SWARM_SEEDS");
    const uint64_t count = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : kSeedsUsual;
    std::map<std::string, size_t> sums;
    for (uint64_t seed = base; seed < base + count; ++seed) {
        const SwarmOutcome outcome = run_swarm(seed);
        ASSERT_EQ(outcome.problem, "")
            << "seed " << seed << " with " << ::testing::PrintToString(outcome.behaviours)
            << "; replay with PARLEY_TEST_SEED=" << seed
            << " PARLEY_SWARM_SEEDS=1 unit_consensus --gtest_filter=Swarm.stays*";
        ++sums["seeds"];
        sums["blocks"] += outcome.height;
        sums["views"] += static_cast<size_t>(outcome.view);
        sums["crashes"] += outcome.crashes;
        sums["lossy"] += outcome.loss_percent > 0 ? 1 : 0;
        for (const std::string& behaviour : outcome.behaviours) ++sums[behaviour];
    }
    std::printf("swarm:");  // contrib/swarm.sh reads this line
    for (const auto& [name, sum] : sums) std::printf(" %s=%zu", name.c_str(), sum);
    std::printf("\n");
    // The faults were real, and the worlds did something.
    if (count >= kSeedsUsual) {
        EXPECT_GT(sums["views"], count / 2);
        EXPECT_GT(sums["crashes"], count / 4);
        EXPECT_GT(sums["lossy"], count / 6);
        EXPECT_GT(sums["blocks"], count);
    }
}

// Negative controls: what the swarm would report if more than f validators were faulty, or a
// correct one lied.
TEST(Swarm, too_many_silent_validators_are_reported_as_no_progress) {
    EXPECT_THAT(run_swarm(1, SwarmControl::one_too_many_silent).problem, HasSubstr("No progress"));
}

TEST(Swarm, conflicting_votes_of_a_correct_validator_are_reported) {
    EXPECT_THAT(run_swarm(1, SwarmControl::trusted_liar).problem, HasSubstr("signed two digests"));
}

TEST(Swarm, equal_seeds_give_equal_runs) {
    for (uint64_t seed = 1; seed <= 3; ++seed)
        EXPECT_EQ(run_swarm(seed).digest, run_swarm(seed).digest);
}

}  // namespace
}  // namespace parley::pbft::testing
