// A machine that stops once more, after any storage operation of the start after a stop.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/chain/fault_history.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

using Image = RecordedDisk::Image;

class FaultRecovery : public ::testing::Test {
 protected:
    FaultRecovery() {
        history_.grow_to(130, {{70, 10}, {104, 3}, {120, 12}});
        history_.finish();
        // A tiny cache makes the start write as it goes.
        options_.coins_cache_bytes = 12'000;
    }

    // Stops the start that finds this disk everywhere.
    void stop_the_start(RecordedDisk& disk, size_t reported, Random& random) {
        const size_t begin = disk.operations().size();
        {
            TestChain start(regtest_params(), options_, disk.store(0), disk.store(1));
            ASSERT_FALSE(HasFailure()) << "the first start does not open";
            starts_ += 1;
        }
        const auto check = [&](const Image& image, size_t, RecordedDisk::Stop stop) {
            TestChain again(regtest_params(), options_, image[0], image[1]);
            ASSERT_FALSE(HasFailure()) << "it does not open";
            if (stop == RecordedDisk::Stop::kill) history_.expect_reported(again, reported);
            history_.expect_right_coins(again);
        };
        points_ += stop_everywhere(disk, begin, kStops, random, check);
    }

    FaultHistory history_;
    ChainOptions options_ = history_.options();
    size_t starts_ = 0;
    size_t points_ = 0;
};

TEST_F(FaultRecovery, power_cut_and_then_any_stop_leave_the_right_coins) {
    constexpr int kStarts = 8;
    SeededRandom random(test_seed());
    for (int i = 0; i < kStarts && !HasFailure(); ++i) {
        const size_t count = random.uniform(history_.disk().operations().size() + 1);
        const auto stop = kStops[1 + random.uniform(2)];
        SCOPED_TRACE(fmt::format("first {} after {}", stop_name(stop), count));
        RecordedDisk disk(history_.disk().image(count, stop, random));
        stop_the_start(disk, 0, random);
    }
    fmt::print("{} starts, {} crash points in them\n", starts_, points_);
}

// What the killed process had not synced may go with the power after the next start has begun.
TEST_F(FaultRecovery, kill_and_then_any_stop_lose_nothing_and_leave_the_right_coins) {
    constexpr int kStarts = 8;
    SeededRandom random(test_seed());
    for (int i = 0; i < kStarts && !HasFailure(); ++i) {
        const size_t count = random.uniform(history_.disk().operations().size() + 1);
        SCOPED_TRACE(fmt::format("first killed after {}", count));
        RecordedDisk disk(history_.disk(), count, random);
        stop_the_start(disk, count, random);
    }
    fmt::print("{} starts, {} crash points in them\n", starts_, points_);
}

// The coins are gone, so that the start has everything to write.
TEST_F(FaultRecovery, start_that_makes_the_coins_anew_may_stop_anywhere) {
    SeededRandom random(test_seed());
    options_.coins_cache_bytes = 30'000;
    RecordedDisk disk({history_.whole()[0], std::make_shared<MemoryStorage>()});
    stop_the_start(disk, history_.disk().operations().size(), random);
    fmt::print("{} crash points\n", points_);
    EXPECT_GT(points_, 100u);
}

}  // namespace
}  // namespace parley
