// The inner loop of a proof-of-work miner: tries nonces of an 80-byte header against a target,
// reusing the midstate of its first 64 bytes. Pure function; the caller splits the nonce range into
// slices short enough to notice new work.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/hash256.h"

namespace parley {

/// The lowest nonce in [first, first + count) (32-bit; the range must not wrap) for which SHA-256d
/// of `header`, with the nonce in its bytes 76..79 little-endian, is at most `target` as a
/// little-endian number.
std::optional<uint32_t> search_nonce(std::span<const uint8_t, 80> header, const Hash256& target,
                                     uint32_t first, uint64_t count);

/// Name of the kernel in use: "sha_ni_x2", "avx512_x16", "avx2_x8" or "portable".
std::string_view pow_search_implementation();

/// The kernels that this processor can run, fastest first. For tests and benchmarks.
struct PowSearchKernel {
    std::string_view name;
    std::optional<uint32_t> (*search)(std::span<const uint8_t, 80> header, const Hash256& target,
                                      uint32_t first, uint64_t count);
};
std::span<const PowSearchKernel> pow_search_kernels();

}  // namespace parley
