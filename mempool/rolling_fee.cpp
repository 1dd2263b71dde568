#include "mempool/rolling_fee.h"

#include <algorithm>
#include <array>

namespace parley {
namespace {

constexpr Duration kHalfLife = std::chrono::hours{12};

// 2^(-1/2), 2^(-1/4), ... 2^(-1/65536), as fractions of 2^32.
constexpr std::array<uint64_t, 16> kRootsOfHalf{
    0xb504f333, 0xd744fcca, 0xeac0c6e7, 0xf5257d15, 0xfa83b2db, 0xfd3e0c0c, 0xfe9e115c, 0xff4ecb59,
    0xffa75652, 0xffd3a751, 0xffe9d2b2, 0xfff4e91b, 0xfffa747e, 0xfffd3a3b, 0xfffe9d1c, 0xffff4e8e};

}  // namespace

int64_t decay(int64_t value, Duration elapsed, Duration half_life) {
    const int64_t halvings = elapsed / half_life;
    if (halvings >= 62) return 0;
    unsigned __int128 result = static_cast<unsigned __int128>(value) >> halvings;
    // The rest of the exponent, bit by bit behind the point.
    Duration rest = elapsed % half_life;
    for (const uint64_t root : kRootsOfHalf) {
        rest *= 2;
        if (rest < half_life) continue;
        rest -= half_life;
        result = (result * root) >> 32;
    }
    return static_cast<int64_t>(result);
}

void RollingMinimumFee::evicted_at(FeeRate rate, TimePoint now) {
    const FeeRate above = rate + incremental_.value();
    if (above <= rate_) return;
    rate_ = above;
    since_ = now;
    falling_ = false;
}

void RollingMinimumFee::chain_updated(TimePoint now) {
    if (rate_ == FeeRate{0} || falling_) return;
    falling_ = true;
    since_ = now;
}

FeeRate RollingMinimumFee::rate_at(TimePoint now, int64_t usage, int64_t usage_max) const {
    if (rate_ == FeeRate{0} || !falling_) return rate_;
    Duration half_life = kHalfLife;
    if (usage < usage_max / 4)
        half_life /= 4;
    else if (usage < usage_max / 2)
        half_life /= 2;
    const Duration elapsed = std::max(now - since_, Duration{0});
    const FeeRate rate{decay(rate_.value(), elapsed, half_life)};
    if (rate.value() * 2 < incremental_.value()) return FeeRate{0};
    return std::max(rate, incremental_);
}

}  // namespace parley
