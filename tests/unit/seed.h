// The seed of a test that draws random inputs: a fresh one a run, or the one in the environment
// variable PARLEY_TEST_SEED, with which a failure is replayed. Printed, so that a failure can be.
// For tests only.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace parley {

inline uint64_t test_seed() {
    const char* given = std::getenv("PARLEY_TEST_SEED");
    const uint64_t seed =
        given != nullptr
            ? std::strtoull(given, nullptr, 10)
            : static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    std::printf("replay with PARLEY_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

}  // namespace parley
