// SHA3-256 (FIPS 202), for the checksums of onion services. Thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace parley {

std::array<uint8_t, 32> sha3_256(ByteSpan data);

}  // namespace parley
