#include "chain/rules/retarget.h"

#include <algorithm>

#include "base/check.h"

namespace parley {
namespace {

// The top byte is the size of the target in bytes; the others are its three most significant bytes,
// of which the top bit is a sign.
constexpr uint32_t kMantissaMask = 0x007fffff;
constexpr uint32_t kSignBit = 0x00800000;

constexpr int64_t kAdjustmentFactorMax = 4;

// Chains with allow_min_difficulty: the last target that was not the exception.
uint32_t last_regular_bits(const ChainParams& params, const HeaderNode& parent,
                           uint32_t limit_bits) {
    const HeaderNode* node = &parent;
    while (node->parent != nullptr && node->height.value() % params.retarget_interval_blocks != 0 &&
           node->header.bits == limit_bits) {
        node = node->parent;
    }
    return node->header.bits;
}

}  // namespace

std::optional<U256> target_from_compact(uint32_t bits) {
    const int size = static_cast<int>(bits >> 24);
    uint32_t mantissa = bits & kMantissaMask;
    if (size <= 3) mantissa >>= 8 * (3 - size);
    if (mantissa == 0 || (bits & kSignBit) != 0) return std::nullopt;
    U256 target{mantissa};
    if (size <= 3) return target;
    const int shift = 8 * (size - 3);
    if (target.bit_length() + shift > 256) return std::nullopt;
    return target << shift;
}

uint32_t compact_from_target(const U256& target) {
    int size = (target.bit_length() + 7) / 8;
    auto mantissa = static_cast<uint32_t>(
        (size <= 3 ? target << (8 * (3 - size)) : target >> (8 * (size - 3))).low64());
    if ((mantissa & kSignBit) != 0) {
        mantissa >>= 8;
        ++size;
    }
    return mantissa | static_cast<uint32_t>(size) << 24;
}

U256 work_from_compact(uint32_t bits) {
    const auto target = target_from_compact(bits);
    if (!target) return U256{};
    // 2^256 does not fit; (2^256 - target - 1) / (target + 1) + 1 is the same number.
    return ~*target / (*target + U256{1}) + U256{1};
}

// lint: float because the figure is for reports only
double difficulty(uint32_t bits) {
    const auto target = target_from_compact(bits);
    if (!target) return 0;
    return target_from_compact(0x1d00ffff)->to_double() / target->to_double();
}

uint32_t retarget(uint32_t bits, int64_t actual_timespan_s, int64_t target_timespan_s,
                  const U256& pow_limit) {
    const auto target = target_from_compact(bits);
    CHECK(target.has_value());
    CHECK(target_timespan_s >= kAdjustmentFactorMax);
    const int64_t timespan_s =
        std::clamp(actual_timespan_s, target_timespan_s / kAdjustmentFactorMax,
                   target_timespan_s * kAdjustmentFactorMax);
    // Multiplied first, as bitcoind does. On the main chain this never overflows; where the limit
    // is near 2^256 it can, and then the exact result is above the limit anyway.
    const auto factor = static_cast<uint64_t>(timespan_s);
    const U256 divisor{static_cast<uint64_t>(target_timespan_s)};
    if (*target > U256::max() / U256{factor}) {
        const U256 result = *target / divisor;
        if (result > pow_limit / U256{factor}) return compact_from_target(pow_limit);
        return compact_from_target(result * factor);
    }
    return compact_from_target(std::min(*target * factor / divisor, pow_limit));
}

uint32_t next_work_required(const ChainParams& params, const HeaderNode& parent, int64_t time) {
    const uint32_t limit_bits = compact_from_target(params.pow_limit);
    const int32_t interval = params.retarget_interval_blocks;
    if ((parent.height.value() + 1) % interval != 0) {
        if (!params.allow_min_difficulty) return parent.header.bits;
        if (time > parent.time() + 2 * params.target_spacing_s) return limit_bits;
        return last_regular_bits(params, parent, limit_bits);
    }
    if (params.no_retargeting) return parent.header.bits;
    // As in Bitcoin, a period is measured over one spacing less than its number of blocks.
    int32_t first = parent.height.value() - (interval - 1);
    int64_t target_timespan_s = params.target_spacing_s * interval;
    if (first == 0 && params.retarget_skips_genesis) {
        first = 1;
        target_timespan_s -= params.target_spacing_s;
    }
    const HeaderNode& start = *parent.ancestor(Height{first});
    const int64_t actual_timespan_s = parent.time() - start.time();
    // The last block may have had the minimum difficulty. BIP94 uses the first, which may not, so
    // the period's target is preserved.
    return retarget(params.bip94 ? start.header.bits : parent.header.bits, actual_timespan_s,
                    std::max(target_timespan_s, kAdjustmentFactorMax), params.pow_limit);
}

bool proof_of_work_met(const BlockHash& hash, uint32_t bits, const U256& pow_limit) {
    const auto target = target_from_compact(bits);
    return target && *target <= pow_limit && U256::from_hash(hash) <= *target;
}

}  // namespace parley
