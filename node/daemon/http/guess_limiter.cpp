#include "node/daemon/http/guess_limiter.h"

#include <algorithm>

namespace parley {

bool GuessLimiter::may_check(Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    return next_ - now < kInterval * kWaitingMax;
}

GuessLimiter::Clock::duration GuessLimiter::on_wrong(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const Clock::time_point free = std::max(next_, now);
    next_ = free + kInterval;
    return free - now + kDelay;
}

}  // namespace parley
