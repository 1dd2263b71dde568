// SHA-256 (FIPS 180-4): a streaming hasher, Bitcoin's double hash, and batch kernels for Merkle
// trees and mining. The fastest implementation for the processor (SHA extensions, AVX-512, AVX2,
// portable) is chosen once, at run time. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/hash256.h"

namespace parley {

/// The eight 32-bit words of the chaining value.
using Sha256State = std::array<uint32_t, 8>;
inline constexpr Sha256State kSha256Initial{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

class Sha256 {
 public:
    Sha256& write(ByteSpan data);
    /// The digest of everything written. The hasher must not be used afterwards.
    Hash256 finish();
    /// The chaining value. REQUIRES: a multiple of 64 bytes was written.
    Sha256State midstate() const;

 private:
    Sha256State state_ = kSha256Initial;
    std::array<uint8_t, 64> buffer_{};
    uint64_t size_ = 0;
};

Hash256 sha256(ByteSpan data);
/// SHA-256 of SHA-256: Bitcoin's hash.
Hash256 sha256d(ByteSpan data);
/// BIP340's tagged hash: SHA-256(SHA-256(tag) || SHA-256(tag) || data).
Hash256 tagged_hash(std::string_view tag, ByteSpan data);
/// A hasher that has absorbed the tag prefix. Keep one per tag and copy it.
Sha256 tagged_hasher(std::string_view tag);

/// Double SHA-256 of `count` consecutive 64-byte inputs: the inner step of a Merkle tree. Writes 32
/// bytes each to `output`, which may be `input`.
void sha256d_64(uint8_t* output, const uint8_t* input, size_t count);

/// Names of the implementations in use, for logs and benchmarks: "sha_ni+avx512" (single messages
/// by the SHA extensions, batches by AVX-512), "sha_ni", "avx512", "avx2" (batches only, the rest
/// portable) or "portable".
std::string_view sha256_implementation();

}  // namespace parley
