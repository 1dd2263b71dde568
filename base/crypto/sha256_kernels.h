// The compression function of SHA-256, vectorised for several processors. Internal to base/crypto:
// other code uses sha256.h and pow_search.h, which select a kernel. Pure functions, thread-safe.
//
// Each kernel has its own file, compiled for the processor it needs. Such a file may include this
// header and no other header of the project or of the C++ library: the linker could keep its copy
// of an inline function, whose instructions would then be used by the whole program.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace parley::sha256_kernels {

/// FIPS 180-4, section 4.2.2.
alignas(64) inline constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// FIPS 180-4, section 5.3.3.
alignas(64) inline constexpr uint32_t kInitial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// Absorbs `count` blocks of 64 bytes into the eight words of `state`.
using Compress = void (*)(uint32_t* state, const uint8_t* blocks, size_t count);
/// One call double-hashes a fixed number of 64-byte inputs ("lanes") to 32 bytes each; `output` may
/// be `input`.
using DoubleHash = void (*)(uint8_t* output, const uint8_t* input);

void compress_portable(uint32_t* state, const uint8_t* blocks, size_t count);
void double_hash_portable(uint8_t* output, const uint8_t* input);

#if defined(__x86_64__)
// Each may only be called if cpu_features() reports the extension.
void compress_sha_ni(uint32_t* state, const uint8_t* blocks, size_t count);
void double_hash_sha_ni(uint8_t* output, const uint8_t* input);
void double_hash_sha_ni_x2(uint8_t* output, const uint8_t* input);  // 2 lanes
void double_hash_avx2(uint8_t* output, const uint8_t* input);       // 8 lanes
void double_hash_avx512(uint8_t* output, const uint8_t* input);     // 16 lanes
#endif

/// The constant part of a nonce search.
struct SearchTemplate {
    uint32_t midstate[8];  ///< after the first 64 bytes of the header
    uint32_t tail[3];      ///< bytes 64..75 as big-endian words: end of the Merkle root, time, bits
    uint32_t target_top;   ///< most significant 32 bits of the target
};
/// The first nonce in [first, first + count) whose hash may lie at or below the target, judged by
/// its most significant 32 bits alone; `count` when there is none. The result is an offset from
/// `first`. REQUIRES: `count` is a multiple of the kernel's lanes, and the range does not wrap.
using Search = uint64_t (*)(const SearchTemplate& work, uint32_t first, uint64_t count);

uint64_t search_portable(const SearchTemplate& work, uint32_t first, uint64_t count);
#if defined(__x86_64__)
uint64_t search_sha_ni_x2(const SearchTemplate& work, uint32_t first, uint64_t count);
uint64_t search_avx2(const SearchTemplate& work, uint32_t first, uint64_t count);    // 8 lanes
uint64_t search_avx512(const SearchTemplate& work, uint32_t first, uint64_t count);  // 16 lanes
#endif

}  // namespace parley::sha256_kernels
