#include "node/daemon/http/guess_limiter.h"

#include <gtest/gtest.h>

#include <chrono>

namespace parley {
namespace {

using namespace std::chrono_literals;

TEST(GuessLimiter, wrong_passwords_wait_for_each_other_and_end_the_checks_when_too_many_wait) {
    GuessLimiter limiter;
    GuessLimiter::Clock::time_point now{1h};
    for (int i = 0; i < GuessLimiter::kWaitingMax; ++i) {
        ASSERT_TRUE(limiter.may_check(now)) << i;
        EXPECT_EQ(limiter.on_wrong(now), GuessLimiter::kDelay + i * GuessLimiter::kInterval);
    }
    EXPECT_FALSE(limiter.may_check(now));
    now += GuessLimiter::kInterval;
    EXPECT_TRUE(limiter.may_check(now));
    now += 1min;
    EXPECT_EQ(limiter.on_wrong(now), GuessLimiter::kDelay);
}

}  // namespace
}  // namespace parley
