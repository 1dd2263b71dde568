// A bounded exhaustive search of the engine (explorer.h): two heights, three views, one faulty
// validator of four. contrib/pbft_search.sh searches larger bounds than the test command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/consensus/pbft/search/explorer.h"

namespace parley::pbft::testing {
namespace {

using ::testing::HasSubstr;
using Kind = Deviation::Kind;

struct Scenario {
    std::string_view name;
    uint8_t faulty;
    std::optional<Persona> persona;
};

constexpr Scenario kScenarios[] = {
    {"dies", 0, Persona::correct},
    {"silent_first_primary", 0, std::nullopt},
    {"silent_second_primary", 1, std::nullopt},
    {"equivocator", 0, Persona::equivocator},
    {"withholder", 3, Persona::withholder},
};

SearchOptions options_of(const Scenario& scenario) {
    SearchOptions options;
    options.faulty = scenario.faulty;
    options.persona = scenario.persona;
    return options;
}

SearchOutcome search(const Scenario& scenario, SearchOptions options, unsigned deviations) {
    Explorer explorer(std::move(options));
    SearchOutcome outcome = explorer.search(deviations);
    // contrib/pbft_search.sh shows this line.
    std::printf(
        "search: %-21s deviations %u %s: states %zu, schedules %zu, states of one replica "
        "%zu, inputs to engines %zu, highest view %llu\n",
        std::string(scenario.name).c_str(), deviations, outcome.complete ? "all" : "in part",
        outcome.states, outcome.runs, outcome.local_states, outcome.engine_steps,
        static_cast<unsigned long long>(outcome.highest_view));
    if (std::getenv("PARLEY_SEARCH_STORY") != nullptr) {
        for (const std::string& line : outcome.story) std::printf("  %s\n", line.c_str());
    }
    std::fflush(stdout);
    return outcome;
}

// The test command runs every schedule of one height with one deviation; with
// PARLEY_SEARCH_SECONDS, one bound after the other is searched for two heights until that time is
// over, in all scenarios in turn.
TEST(Search, all_schedules_agree_and_decide) {
    using Clock = std::chrono::steady_clock;
    const char* wanted = std::getenv("PARLEY_SEARCH_SECONDS");
    const auto seconds = wanted == nullptr ? 0 : std::strtol(wanted, nullptr, 10);
    const auto end = Clock::now() + std::chrono::seconds{seconds};
    bool complete = true;
    for (unsigned deviations = 1; complete; ++deviations) {
        size_t left = std::size(kScenarios);
        for (const Scenario& scenario : kScenarios) {
            SearchOptions options = options_of(scenario);
            options.target_height = wanted == nullptr ? 1 : 2;
            // Each scenario has an equal share of what is left.
            const auto share = Clock::now() + (end - Clock::now()) / static_cast<long>(left--);
            if (wanted != nullptr) options.stop = [share] { return Clock::now() >= share; };
            const SearchOutcome outcome = search(scenario, std::move(options), deviations);
            EXPECT_EQ(outcome.problem, "") << scenario.name;
            EXPECT_GT(outcome.audits, 0U);
            complete = complete && outcome.complete;
        }
        if (wanted == nullptr) break;
    }
}

// Negative controls: a fault put back in, or one rule less, is found.

TEST(Search, timer_that_counts_one_view_only_is_found_to_stand_still) {
    const Scenario scenario{"control: timer", 0, std::nullopt};
    SearchOptions options = options_of(scenario);
    options.replica.tuning.timer_counts_later_views = false;
    options.target_height = 1;
    options.kinds = {Kind::cut};
    EXPECT_THAT(search(scenario, options, 1).problem, HasSubstr("no progress"));
}

// Its only certificate shows two views after it was made, when all have accepted another block.
TEST(Search, accepted_block_that_is_forgotten_is_found_to_stop_all_progress) {
    const Scenario scenario{"control: kept blocks", 3, Persona::withholder};
    SearchOptions options = options_of(scenario);
    options.replica.tuning.valid_blocks_kept = false;
    options.target_height = 1;
    options.kinds = {Kind::cut};
    options.cuts = {cut_off(0), cut_off(2)};
    EXPECT_THAT(search(scenario, options, 2).problem, HasSubstr("no progress"));
    options.replica.tuning.valid_blocks_kept = true;
    const SearchOutcome kept = search(scenario, options, 2);
    EXPECT_EQ(kept.problem, "");
    EXPECT_TRUE(kept.complete);
}

TEST(Search, quorum_that_lacks_one_validator_is_found_to_disagree) {
    const Scenario scenario{"control: quorum", 0, Persona::correct};
    SearchOptions options = options_of(scenario);
    options.replica.small_quorum = true;
    options.target_height = 1;
    options.kinds = {Kind::cut};
    EXPECT_THAT(search(scenario, options, 1).problem, HasSubstr("disagreement"));
}

}  // namespace
}  // namespace parley::pbft::testing
