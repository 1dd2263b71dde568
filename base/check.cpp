#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace parley {

void check_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr,
                 "%s:%d: CHECK failed: %s. This is a bug in Parley: please report this line.\n",
                 file, line, expression);
    std::abort();
}

}  // namespace parley
