#include "base/random.h"

#include <bit>

#include "base/check.h"

namespace parley {
namespace {

__extension__ typedef unsigned __int128 Uint128;

uint64_t split_mix(uint64_t& state) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

// -log2(x / 2^63) in units of 2^-56, for x in [1, 2^63], by repeated squaring (Knuth, TAOCP 1.2.2,
// exercise 25): integer arithmetic only, because std::log may differ in its last bit from one
// library to the next.
uint64_t negative_log2(uint64_t x) {
    const int shift = std::countl_zero(x);
    uint64_t result = 0;
    // The mantissa m in [2^63, 2^64) stands for a number in [1, 2).
    uint64_t m = x << shift;
    for (int bit = 0; bit < 56; ++bit) {
        const Uint128 square = Uint128{m} * m;  // in [2^126, 2^128)
        const auto high = static_cast<uint64_t>(square >> 64);
        const auto doubled = static_cast<uint64_t>(square >> 63);
        // The bits of a random number's logarithm are random, and branches on them would be
        // mispredicted half the time.
        const uint64_t is_two_or_more = high >> 63;
        result = (result << 1) | is_two_or_more;
        m = doubled ^ ((doubled ^ high) & (0 - is_two_or_more));
    }
    // log2(x) = (63 - shift) + result / 2^56.
    return (static_cast<uint64_t>(shift) << 56) - result;
}

}  // namespace

uint64_t Random::uniform(uint64_t bound) {
    CHECK(bound > 0);
    // Lemire, "Fast random integer generation in an interval", 2019.
    Uint128 product = Uint128{next()} * bound;
    if (static_cast<uint64_t>(product) < bound) {
        const uint64_t threshold = (0 - bound) % bound;
        while (static_cast<uint64_t>(product) < threshold) product = Uint128{next()} * bound;
    }
    return static_cast<uint64_t>(product >> 64);
}

uint64_t Random::exponential(uint64_t mean) {
    const uint64_t x = (next() >> 1) + 1;  // uniform in [1, 2^63]
    // -ln(u) = -log2(u) * ln 2; ln 2 as a fraction of 2^64.
    constexpr uint64_t kLn2 = 0xb17217f7d1cf79ac;
    const auto nats =
        static_cast<uint64_t>((Uint128{negative_log2(x)} * kLn2) >> 64);  // in units of 2^-56
    return static_cast<uint64_t>((Uint128{nats} * mean) >> 56);
}

void Random::fill(MutableByteSpan target) {
    size_t i = 0;
    while (i < target.size()) {
        uint64_t word = next();
        for (int k = 0; k < 8 && i < target.size(); ++k, word >>= 8)
            target[i++] = static_cast<uint8_t>(word);
    }
}

SeededRandom::SeededRandom(uint64_t seed) : state_{} {
    for (auto& word : state_) word = split_mix(seed);
}

SeededRandom SeededRandom::stream(uint64_t seed, uint64_t node, std::string_view purpose) {
    uint64_t mixed = seed;
    mixed = split_mix(mixed) ^ node;
    mixed = split_mix(mixed);
    for (const char c : purpose) {
        mixed ^= static_cast<uint8_t>(c);
        mixed = split_mix(mixed);
    }
    return SeededRandom{mixed};
}

uint64_t SeededRandom::next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

}  // namespace parley
