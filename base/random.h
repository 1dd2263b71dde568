// Random: the node's source of unpredictable numbers. The daemon supplies the operating system's
// generator, the simulator one deterministic stream per (seed, node, purpose). Not thread-safe:
// each stream has one owner.
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

    /// Exponentially distributed with the given mean, rounded to an integer. Identical on every
    /// platform.
    uint64_t exponential(uint64_t mean);

    void fill(MutableByteSpan target);
};

/// xoshiro256** (Blackman & Vigna), seeded by SplitMix64. Deterministic; never use it for secrets.
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
