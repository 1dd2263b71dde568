// U256: unsigned 256-bit arithmetic modulo 2^256, for proof-of-work targets, cumulative work and
// generic scores.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "base/hash256.h"

namespace parley {

class U256 {
 public:
    constexpr U256() = default;
    constexpr U256(uint64_t low) : limbs_{low, 0, 0, 0} {}  // implicit: a small number is a number

    /// Little-endian, as Bitcoin reads a hash as a number.
    static U256 from_hash(const Hash256& hash);
    Hash256 to_hash() const;

    static constexpr U256 max() {
        U256 result;
        for (auto& limb : result.limbs_) limb = ~uint64_t{0};
        return result;
    }

    /// 64 hexadecimal digits, most significant first.
    std::string to_hex() const { return to_hash().to_string(); }

    constexpr uint64_t low64() const { return limbs_[0]; }
    /// Position of the highest set bit plus one; 0 for zero.
    int bit_length() const;
    /// The nearest double. For reports only.
    double to_double() const;

    U256& operator+=(const U256& other);
    U256& operator-=(const U256& other);
    U256& operator*=(uint64_t factor);
    /// Quotient, rounded down. REQUIRES: divisor != 0.
    U256& operator/=(const U256& divisor);
    U256& operator<<=(int bits);
    U256& operator>>=(int bits);
    U256 operator~() const;

    friend U256 operator+(U256 a, const U256& b) { return a += b; }
    friend U256 operator-(U256 a, const U256& b) { return a -= b; }
    friend U256 operator*(U256 a, uint64_t b) { return a *= b; }
    friend U256 operator/(U256 a, const U256& b) { return a /= b; }
    friend U256 operator<<(U256 a, int bits) { return a <<= bits; }
    friend U256 operator>>(U256 a, int bits) { return a >>= bits; }

    constexpr bool operator==(const U256&) const = default;
    constexpr std::strong_ordering operator<=>(const U256& other) const {
        for (size_t i = 4; i-- > 0;) {
            if (limbs_[i] != other.limbs_[i]) return limbs_[i] <=> other.limbs_[i];
        }
        return std::strong_ordering::equal;
    }

 private:
    std::array<uint64_t, 4> limbs_{};  // least significant first
};

}  // namespace parley
