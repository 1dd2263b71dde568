#include "chain/primitives/compact_target.h"

namespace parley {
namespace {

// The byte at the top is the number of bytes of the target; the others are its highest three bytes,
// of which the top bit is a sign.
constexpr uint32_t kMantissaMask = 0x007fffff;
constexpr uint32_t kSignBit = 0x00800000;

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

}  // namespace parley
