// The other hashes that Bitcoin uses: RIPEMD-160, SHA-1, HMAC-SHA-512, SipHash-2-4. Thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/hash256.h"

namespace parley {

using Hash160 = std::array<uint8_t, 20>;
using Hash512 = std::array<uint8_t, 64>;

Hash160 ripemd160(ByteSpan data);
Hash160 sha1(ByteSpan data);
/// RIPEMD-160 of SHA-256: key and script hashes.
Hash160 hash160(ByteSpan data);
Hash512 hmac_sha512(ByteSpan key, ByteSpan data);
Hash256 hmac_sha256(ByteSpan key, ByteSpan data);

/// SipHash-2-4 (Aumasson & Bernstein) with the key (k0, k1). For hash tables whose keys an attacker
/// can choose.
uint64_t siphash24(uint64_t k0, uint64_t k1, ByteSpan data);

/// Compares in constant time; false when the sizes differ.
bool equal_constant_time(ByteSpan a, ByteSpan b);

}  // namespace parley
