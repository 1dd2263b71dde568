#include "base/uint256.h"

#include <bit>

#include "base/check.h"

namespace parley {

// The compiler's 128-bit integer, for carries. __extension__ keeps -Wpedantic quiet.
__extension__ typedef unsigned __int128 Uint128;

U256 U256::from_hash(const Hash256& hash) {
    U256 result;
    for (size_t i = 0; i < Hash256::kSize; ++i) {
        result.limbs_[i / 8] |= uint64_t{hash.bytes()[i]} << (8 * (i % 8));
    }
    return result;
}

Hash256 U256::to_hash() const {
    Hash256 hash;
    for (size_t i = 0; i < Hash256::kSize; ++i) {
        hash.bytes()[i] = static_cast<uint8_t>(limbs_[i / 8] >> (8 * (i % 8)));
    }
    return hash;
}

int U256::bit_length() const {
    for (size_t i = 4; i-- > 0;) {
        if (limbs_[i] != 0)
            return static_cast<int>(64 * i + static_cast<size_t>(std::bit_width(limbs_[i])));
    }
    return 0;
}

double U256::to_double() const {
    double result = 0;
    for (size_t i = 4; i-- > 0;)
        result = result * 18446744073709551616.0 + static_cast<double>(limbs_[i]);
    return result;
}

U256& U256::operator+=(const U256& other) {
    Uint128 carry = 0;
    for (size_t i = 0; i < 4; ++i) {
        carry += Uint128{limbs_[i]} + other.limbs_[i];
        limbs_[i] = static_cast<uint64_t>(carry);
        carry >>= 64;
    }
    return *this;
}

U256& U256::operator-=(const U256& other) {
    *this += ~other;
    return *this += U256{1};
}

U256& U256::operator*=(uint64_t factor) {
    Uint128 carry = 0;
    for (auto& limb : limbs_) {
        carry += Uint128{limb} * factor;
        limb = static_cast<uint64_t>(carry);
        carry >>= 64;
    }
    return *this;
}

U256& U256::operator/=(const U256& divisor) {
    CHECK(divisor != U256{});
    U256 remainder = *this;
    *this = U256{};
    int shift = remainder.bit_length() - divisor.bit_length();
    if (shift < 0) return *this;
    U256 shifted = divisor << shift;
    for (; shift >= 0; --shift) {
        if (remainder >= shifted) {
            remainder -= shifted;
            limbs_[static_cast<size_t>(shift) / 64] |= uint64_t{1} << (shift % 64);
        }
        shifted >>= 1;
    }
    return *this;
}

U256& U256::operator<<=(int bits) {
    CHECK(bits >= 0);
    const auto whole = static_cast<size_t>(bits) / 64;
    const int rest = bits % 64;
    const auto old = limbs_;
    for (size_t i = 0; i < 4; ++i) {
        limbs_[i] = i >= whole ? old[i - whole] << rest : 0;
        if (rest != 0 && i > whole) limbs_[i] |= old[i - whole - 1] >> (64 - rest);
    }
    return *this;
}

U256& U256::operator>>=(int bits) {
    CHECK(bits >= 0);
    const auto whole = static_cast<size_t>(bits) / 64;
    const int rest = bits % 64;
    const auto old = limbs_;
    for (size_t i = 0; i < 4; ++i) {
        limbs_[i] = i + whole < 4 ? old[i + whole] >> rest : 0;
        if (rest != 0 && i + whole + 1 < 4) limbs_[i] |= old[i + whole + 1] << (64 - rest);
    }
    return *this;
}

U256 U256::operator~() const {
    U256 result;
    for (size_t i = 0; i < 4; ++i) result.limbs_[i] = ~limbs_[i];
    return result;
}

}  // namespace parley
