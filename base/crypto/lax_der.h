// Parses ECDSA signatures as they occur in the block chain: DER with the deviations that old
// versions of OpenSSL accepted, listed in BIP66's motivation (wrong outer length, padded or
// negative numbers, trailing bytes, long-form lengths). The strict rules of BIP66 are in the script
// interpreter. Called by verify_ecdsa. Pure function, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace parley {

/// R and S as 32 big-endian bytes each. If a number does not fit into 32 bytes, the result is all
/// zeros, a signature that never verifies; callers cannot tell it from a parse error, since both
/// make the signature invalid. Empty: not even lax DER.
std::optional<std::array<uint8_t, 64>> parse_lax_der(ByteSpan signature);

}  // namespace parley
