// Random: where the node gets numbers that nobody else should need to know in advance. The daemon
// gives it the operating system's, the simulator one deterministic stream for each (seed, node,
// purpose). Not thread-safe: one owner a stream.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace parley {

class Random {
 public:
    virtual ~Random() = default;

    /// 64 uniform bits.
    virtual uint64_t next() = 0;

    /// Uniform in [0, bound), without bias. REQUIRES: bound > 0.
    uint64_t uniform(uint64_t bound);

    /// Exponentially distributed with the given mean. The result is rounded to an integer;
    /// identical on every platform.
    uint64_t exponential(uint64_t mean);

    void fill(MutableByteSpan target);
};

/// xoshiro256** (Blackman & Vigna), seeded by SplitMix64. Deterministic; no secrets from here.
class SeededRandom final : public Random {
 public:
    explicit SeededRandom(uint64_t seed);

    /// An independent stream for one purpose of one node of a world.
    static SeededRandom stream(uint64_t seed, uint64_t node, std::string_view purpose);

    uint64_t next() override;

 private:
    std::array<uint64_t, 4> state_;
};

}  // namespace parley
