#include "base/crypto/pow_search.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/crypto/cpu_features.h"
#include "base/crypto/sha256.h"
#include "base/crypto/sha256_kernels.h"
#include "base/uint256.h"

namespace parley {
namespace {

using sha256_kernels::Search;
using sha256_kernels::SearchTemplate;

constexpr uint64_t kNonces = uint64_t{1} << 32;
constexpr size_t kNonceAt = 76;

SearchTemplate make_template(std::span<const uint8_t, 80> header, const Hash256& target) {
    SearchTemplate work{};
    const Sha256State midstate = Sha256{}.write(header.first(64)).midstate();
    std::copy(midstate.begin(), midstate.end(), work.midstate);
    for (size_t i = 0; i < 12; ++i) work.tail[i / 4] = work.tail[i / 4] << 8 | header[64 + i];
    for (size_t i = Hash256::kSize; i-- > Hash256::kSize - 4;) {
        work.target_top = work.target_top << 8 | target.bytes()[i];
    }
    return work;
}

// The final check: all 256 bits, with the ordinary hash function.
bool meets_target(std::span<const uint8_t, 80> header, const U256& target, uint32_t nonce) {
    std::array<uint8_t, 80> bytes;
    std::copy(header.begin(), header.end(), bytes.begin());
    for (size_t i = 0; i < 4; ++i) bytes[kNonceAt + i] = static_cast<uint8_t>(nonce >> (8 * i));
    return U256::from_hash(sha256d(bytes)) <= target;
}

// Runs `kernel` over as many nonces as fill its lanes, and the portable one over the rest.
template <Search kernel, uint64_t lanes>
std::optional<uint32_t> search_with(std::span<const uint8_t, 80> header, const Hash256& target,
                                    uint32_t first, uint64_t count) {
    CHECK(count <= kNonces - first);
    const SearchTemplate work = make_template(header, target);
    const U256 target_number = U256::from_hash(target);
    uint64_t tried = 0;
    while (tried < count) {
        const auto nonce = static_cast<uint32_t>(first + tried);
        const uint64_t left = count - tried;
        const uint64_t in_lanes = left - left % lanes;
        const uint64_t length = in_lanes > 0 ? in_lanes : left;
        const Search search = in_lanes > 0 ? kernel : sha256_kernels::search_portable;
        const uint64_t offset = search(work, nonce, length);
        tried += offset;
        if (offset == length) continue;
        const auto candidate = static_cast<uint32_t>(first + tried);
        if (meets_target(header, target_number, candidate)) return candidate;
        ++tried;
    }
    return std::nullopt;
}

// The fastest first, by a fixed rule: AVX-512, whose 16 lanes with rotations and three-input logic
// do a round in about 28 instructions, 2.3 times the rate of the SHA extensions where both were
// measured (Intel Sapphire Rapids); the SHA extensions; AVX2, which must build rotations from
// shifts and does four fifths of them; plain C++. parley-bench-base prints the rates of a
// processor.
std::vector<PowSearchKernel> available_kernels() {
    std::vector<PowSearchKernel> kernels;
#if defined(__x86_64__)
    const CpuFeatures& cpu = cpu_features();
    if (cpu.avx512)
        kernels.push_back({"avx512_x16", &search_with<sha256_kernels::search_avx512, 16>});
    if (cpu.sha_ni)
        kernels.push_back({"sha_ni_x2", &search_with<sha256_kernels::search_sha_ni_x2, 2>});
    if (cpu.avx2) kernels.push_back({"avx2_x8", &search_with<sha256_kernels::search_avx2, 8>});
#endif
    kernels.push_back({"portable", &search_with<sha256_kernels::search_portable, 1>});
    return kernels;
}

}  // namespace

std::span<const PowSearchKernel> pow_search_kernels() {
    static const std::vector<PowSearchKernel> kernels = available_kernels();
    return kernels;
}

std::optional<uint32_t> search_nonce(std::span<const uint8_t, 80> header, const Hash256& target,
                                     uint32_t first, uint64_t count) {
    return pow_search_kernels().front().search(header, target, first, count);
}

std::string_view pow_search_implementation() {
    return pow_search_kernels().front().name;
}

}  // namespace parley
