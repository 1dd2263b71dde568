// Parser of ECDSA signatures in the form that Bitcoin's history holds: DER with the liberties that
// old OpenSSL took, listed in BIP66's motivation (wrong outer length, padded or negative numbers,
// trailing bytes, long-form lengths). Not a strict parser: BIP66's rules belong to the script
// interpreter. Called by verify_ecdsa. Pure function, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace parley {

/// R and S as 32 big-endian bytes each. A number too large for 32 bytes gives all zeros, a
/// signature that never verifies: whether such a one parses is visible to nobody, since both end in
/// "invalid". Empty: not even laxly DER.
std::optional<std::array<uint8_t, 64>> parse_lax_der(ByteSpan signature);

}  // namespace parley
