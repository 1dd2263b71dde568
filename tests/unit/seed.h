// The seed of a test that draws random inputs: the same in every run, so that a change is judged by
// what it does; another one with PARLEY_TEST_SEED=<number>, and a fresh one with
// PARLEY_TEST_SEED=fresh, for long runs. Printed, so that a failure can be replayed. For tests
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace parley {

inline uint64_t test_seed() {
    const char* given = std::getenv("PARLEY_TEST_SEED");
    const std::string_view text = given == nullptr ? "1" : given;
    const uint64_t seed =
        text == "fresh"
            ? static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())
            : std::strtoull(text.data(), nullptr, 10);
    std::printf("replay with PARLEY_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

}  // namespace parley
