// The interface of a fuzz target: one function that accepts any bytes and returns. It may reject
// them, but must not crash, leak or fail a CHECK. libFuzzer calls it (preset `fuzz`), or
// replay_main.cpp (every other preset). Not thread-safe; it keeps no state between calls.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
