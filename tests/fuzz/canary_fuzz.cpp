// A target with a deliberate bug: inputs that begin with "parley!" crash it. See canary_check.py.
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.starts_with("parley!")) std::abort();
    return 0;
}
