// CHECK: an assertion about ourselves that stays on in every build. Never for untrusted input (that
// is Expected) and never for a failing machine (that is StorageError). A failed CHECK writes one
// line to stderr and aborts.
#pragma once

namespace parley {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace parley

#define CHECK(condition)                    \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::parley::check_failed(#condition, __FILE__, __LINE__))
