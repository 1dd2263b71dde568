// CHECK: an assertion about the program's own state, enabled in every build. Untrusted input is
// handled by Expected, and a failing machine by StorageError. A failed CHECK writes one line to
// stderr and aborts.
#pragma once

namespace parley {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace parley

#define CHECK(condition)                    \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::parley::check_failed(#condition, __FILE__, __LINE__))
