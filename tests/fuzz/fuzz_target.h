// What a fuzz target is: one function that takes any bytes and comes back. It may reject them; it
// may not crash, leak, or break a CHECK. libFuzzer calls it (preset `fuzz`), or replay_main.cpp
// (every other preset). Not thread-safe, and it keeps nothing from one call to the next.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
