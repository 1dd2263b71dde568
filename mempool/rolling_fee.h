// RollingMinimumFee: the minimum fee rate of a mempool that has been full. It jumps above the rate
// of what was evicted, and once blocks arrive again halves every twelve hours, or faster while the
// pool is far from full. Integer arithmetic, identical on every platform. A value owned by Mempool.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "chain/primitives/fee_rate.h"

namespace parley {

class RollingMinimumFee {
 public:
    explicit RollingMinimumFee(FeeRate incremental) : incremental_(incremental) {}

    /// Transactions that paid `rate` were evicted: require more from now on.
    void evicted_at(FeeRate rate, TimePoint now);

    /// Blocks were connected or disconnected: the rate may decay from now on.
    void chain_updated(TimePoint now);

    /// 0: no additional minimum. `usage` and `usage_max` in bytes.
    FeeRate rate_at(TimePoint now, int64_t usage, int64_t usage_max) const;

 private:
    FeeRate incremental_;
    FeeRate rate_{0};
    TimePoint since_{};
    bool falling_ = false;
};

/// value * 2^(-elapsed / half_life), rounded down; off by less than one part in 2^15.
/// REQUIRES: 0 <= value < 2^62, elapsed >= 0, half_life > 0.
int64_t decay(int64_t value, Duration elapsed, Duration half_life);

}  // namespace parley
