// How much the long tests do: all of it, or a share under sanitizers, where each step takes many
// times as long; PARLEY_TEST_SCALE=<percent> says otherwise. For tests only.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace parley {

// Clang has __has_feature where GCC defines a name.
inline constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

/// In percent.
inline int test_scale() {
    const char* given = std::getenv("PARLEY_TEST_SCALE");
    return given != nullptr ? std::atoi(given) : kSanitized ? 15 : 100;
}

/// That share of the count; at least `least`.
inline int scaled(int count, int least = 1) {
    return std::max(least, count * test_scale() / 100);
}

}  // namespace parley
