#include "base/crypto/muhash.h"

#include <algorithm>
#include <bit>

#include "base/crypto/sha256.h"

namespace parley {
namespace {

using Number = MuHash3072::Number;
constexpr size_t kLimbs = MuHash3072::kLimbs;
constexpr size_t kNumberBytes = kLimbs * sizeof(uint64_t);
// The modulus is 2^3072 minus this.
constexpr uint64_t kPrimeDifference = 1'103'717;

__extension__ typedef unsigned __int128 Uint128;

constexpr Number kOne{1};

// Adds `value` times the difference, which is what `value` times 2^3072 leaves. Returns the carry.
uint64_t add_folded(Number& number, uint64_t value) {
    Uint128 carry = Uint128{value} * kPrimeDifference;
    for (size_t i = 0; i < kLimbs && carry != 0; ++i) {
        carry += number[i];
        number[i] = static_cast<uint64_t>(carry);
        carry >>= 64;
    }
    return static_cast<uint64_t>(carry);
}

// The product modulo the prime, below 2^3072 but perhaps not below the prime.
Number multiply(const Number& a, const Number& b) {
    std::array<uint64_t, 2 * kLimbs> product{};
    for (size_t i = 0; i < kLimbs; ++i) {
        uint64_t carry = 0;
        for (size_t j = 0; j < kLimbs; ++j) {
            const Uint128 sum = Uint128{a[i]} * b[j] + product[i + j] + carry;
            product[i + j] = static_cast<uint64_t>(sum);
            carry = static_cast<uint64_t>(sum >> 64);
        }
        product[i + kLimbs] = carry;
    }
    Number result;
    Uint128 carry = 0;
    for (size_t i = 0; i < kLimbs; ++i) {
        carry += Uint128{product[kLimbs + i]} * kPrimeDifference + product[i];
        result[i] = static_cast<uint64_t>(carry);
        carry >>= 64;
    }
    uint64_t over = static_cast<uint64_t>(carry);
    while (over != 0) over = add_folded(result, over);
    return result;
}

// One subtraction is enough, because no value exceeds 2^3072 - 1.
Number reduce(Number number) {
    Number shifted = number;
    if (add_folded(shifted, 1) != 0) return shifted;
    return number;
}

// By Fermat: the power with the exponent prime - 2, whose bits above the lowest 21 are all ones.
Number invert(const Number& number) {
    constexpr uint64_t kLowest = 0 - (kPrimeDifference + 2);
    Number result = kOne;
    for (size_t bit = 64 * kLimbs; bit-- > 0;) {
        result = multiply(result, result);
        if (bit >= 64 || (kLowest >> bit & 1) != 0) result = multiply(result, number);
    }
    return result;
}

void quarter_round(uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d) {
    a += b;
    d = std::rotl(d ^ a, 16);
    c += d;
    b = std::rotl(b ^ c, 12);
    a += b;
    d = std::rotl(d ^ a, 8);
    c += d;
    b = std::rotl(b ^ c, 7);
}

// RFC 8439, section 2.3, with a nonce of zeros; writes 16 little-endian words.
void chacha20_block(const Hash256& key, uint32_t counter, uint32_t* words) {
    std::array<uint32_t, 16> input{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (size_t i = 0; i < Hash256::kSize; ++i)
        input[4 + i / 4] |= uint32_t{key.bytes()[i]} << (8 * (i % 4));
    input[12] = counter;
    auto state = input;
    for (int round = 0; round < 10; ++round) {
        for (size_t i = 0; i < 4; ++i)
            quarter_round(state[i], state[4 + i], state[8 + i], state[12 + i]);
        for (size_t i = 0; i < 4; ++i)
            quarter_round(state[i], state[4 + (i + 1) % 4], state[8 + (i + 2) % 4],
                          state[12 + (i + 3) % 4]);
    }
    for (size_t i = 0; i < input.size(); ++i) words[i] = state[i] + input[i];
}

Number number_of(ByteSpan member) {
    const Hash256 key = sha256(member);
    std::array<uint32_t, 2 * kLimbs> words;
    for (uint32_t block = 0; block < words.size() / 16; ++block)
        chacha20_block(key, block, words.data() + 16 * block);
    Number number;
    for (size_t i = 0; i < kLimbs; ++i) number[i] = words[2 * i] | uint64_t{words[2 * i + 1]} << 32;
    return number;
}

std::array<uint8_t, kNumberBytes> bytes_of(const Number& number) {
    std::array<uint8_t, kNumberBytes> bytes;
    for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<uint8_t>(number[i / 8] >> (8 * (i % 8)));
    return bytes;
}

Number number_of_bytes(ByteSpan bytes) {
    Number number{};
    for (size_t i = 0; i < kNumberBytes; ++i) number[i / 8] |= uint64_t{bytes[i]} << (8 * (i % 8));
    return number;
}

}  // namespace

MuHash3072::MuHash3072() : numerator_(kOne), denominator_(kOne) {}

MuHash3072& MuHash3072::insert(ByteSpan member) {
    numerator_ = multiply(numerator_, number_of(member));
    return *this;
}

MuHash3072& MuHash3072::remove(ByteSpan member) {
    denominator_ = multiply(denominator_, number_of(member));
    return *this;
}

MuHash3072& MuHash3072::operator*=(const MuHash3072& other) {
    numerator_ = multiply(numerator_, other.numerator_);
    denominator_ = multiply(denominator_, other.denominator_);
    return *this;
}

MuHash3072& MuHash3072::operator/=(const MuHash3072& other) {
    // `other` may be the same object.
    const Number numerator = multiply(numerator_, other.denominator_);
    denominator_ = multiply(denominator_, other.numerator_);
    numerator_ = numerator;
    return *this;
}

Hash256 MuHash3072::digest() const {
    const Number value =
        reduce(denominator_ == kOne ? numerator_ : multiply(numerator_, invert(denominator_)));
    return sha256(bytes_of(value));
}

Bytes MuHash3072::serialize() const {
    Bytes bytes = to_bytes(bytes_of(numerator_));
    append(bytes, bytes_of(denominator_));
    return bytes;
}

std::optional<MuHash3072> MuHash3072::parse(ByteSpan bytes) {
    if (bytes.size() != 2 * kNumberBytes) return std::nullopt;
    MuHash3072 set;
    set.numerator_ = number_of_bytes(bytes.first(kNumberBytes));
    set.denominator_ = number_of_bytes(bytes.subspan(kNumberBytes));
    // Neither number can be zero: the modulus is prime, and no factor is a multiple of it.
    if (reduce(set.numerator_) == Number{} || reduce(set.denominator_) == Number{})
        return std::nullopt;
    return set;
}

}  // namespace parley
