// Time as values. Nothing here reads a clock: the host stamps every event with the time at which it
// happened.
#pragma once

#include <chrono>
#include <cstdint>

namespace parley {

/// A clock tag without now(). Time points count from the Unix epoch, UTC, without leap seconds.
struct NodeClock {
    using rep = int64_t;
    using period = std::micro;
    using duration = std::chrono::microseconds;
};

using Duration = NodeClock::duration;
using TimePoint = std::chrono::time_point<NodeClock, Duration>;

inline constexpr TimePoint kNever = TimePoint::max();

constexpr TimePoint from_unix_seconds(int64_t seconds) {
    return TimePoint{std::chrono::seconds{seconds}};
}

/// Whole seconds since the Unix epoch, rounded down: the unit of block headers.
constexpr int64_t to_unix_seconds(TimePoint time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace parley
