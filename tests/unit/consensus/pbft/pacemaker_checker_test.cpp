// The rule of PacemakerChecker fires, and only where it should.
#include "tests/unit/consensus/pbft/pacemaker_checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::pbft::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using State = PacemakerChecker::State;

constexpr State kRuns{.final_height = 7, .timer_runs = true, .has_work = true};
constexpr State kStands{.final_height = 7, .timer_runs = false, .has_work = true};
constexpr State kIdle{.final_height = 7, .timer_runs = false, .has_work = false};
constexpr State kBehind{.final_height = 6, .timer_runs = true, .has_work = true};

class PacemakerCheckerTest : public ::testing::Test {
 protected:
    void show(const std::vector<State>& states, int seconds_later) {
        for (int i = 0; i <= seconds_later; ++i) {
            checker.on_states(now, states);
            now += seconds{1};
        }
    }
    PacemakerChecker checker{seconds{3}};
    TimePoint now = from_unix_seconds(1'700'000'000);
};

TEST_F(PacemakerCheckerTest, standing_still_with_work_is_a_violation_after_its_patience) {
    show({kStands, kStands, kIdle}, 3);
    EXPECT_THAT(checker.violations(), IsEmpty());
    show({kStands, kStands, kIdle}, 0);
    EXPECT_THAT(checker.violations(), ElementsAre(HasSubstr("No timer runs at height 7")));
}

TEST_F(PacemakerCheckerTest, timer_of_a_replica_that_is_behind_does_not_count) {
    show({kStands, kBehind}, 4);
    EXPECT_THAT(checker.violations(), ElementsAre(HasSubstr("at height 7")));
}

TEST_F(PacemakerCheckerTest, running_timer_nothing_to_order_or_a_short_pause_is_no_violation) {
    show({kStands, kRuns, kStands}, 10);
    show({kIdle, kIdle, kBehind}, 10);
    for (int i = 0; i < 5; ++i) {
        show({kStands, kStands}, 3);
        show({kRuns, kStands}, 0);
        show({kStands, kStands}, 3);
        checker.interrupted();
    }
    EXPECT_THAT(checker.violations(), IsEmpty());
}

// The negative control, end to end: nothing passes, so each replica leaves view 0 alone and waits
// without a timer. Once messages pass, the checker is content.
TEST(PacemakerChecker, states_of_a_cluster_show_a_stopped_timer) {
    Cluster cluster({.delay = milliseconds{20}});
    cluster.filter = [](Cluster::Node, Cluster::Node, ByteSpan) { return false; };
    cluster.submit();
    PacemakerChecker patient(seconds{100}), impatient(milliseconds{200});
    cluster.run_until(
        [&] {
            patient.look(cluster, kAll);
            impatient.look(cluster, kAll);
            return false;
        },
        seconds{10}, milliseconds{100});
    EXPECT_THAT(patient.violations(), IsEmpty());
    EXPECT_THAT(impatient.violations(), ::testing::Not(IsEmpty()));
    cluster.filter = nullptr;
    PacemakerChecker healed(seconds{3});
    EXPECT_TRUE(cluster.run_until(
        [&] {
            healed.look(cluster, kAll);
            return cluster.lowest_height(kAll) == 1;
        },
        seconds{30}, milliseconds{100}));
    EXPECT_THAT(healed.violations(), IsEmpty());
}

}  // namespace
}  // namespace parley::pbft::testing
