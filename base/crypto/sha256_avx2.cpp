// SHA-256 in 8 lanes of AVX2. Compiled for such processors only: see base/CMakeLists.txt.
#if defined(__AVX2__)
#include <immintrin.h>

#include "base/crypto/sha256_kernels.h"
#include "base/crypto/sha256_lanes.h"

namespace parley::sha256_kernels {
namespace {

struct Avx2 {
    using V = __m256i;
    static constexpr uint64_t kLanes = 8;

    PARLEY_INLINE V broadcast(uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
    PARLEY_INLINE V add(V a, V b) { return _mm256_add_epi32(a, b); }
    template <int bits>
    PARLEY_INLINE V ror(V x) {
        return _mm256_or_si256(_mm256_srli_epi32(x, bits), _mm256_slli_epi32(x, 32 - bits));
    }
    template <int bits>
    PARLEY_INLINE V shr(V x) {
        return _mm256_srli_epi32(x, bits);
    }
    PARLEY_INLINE V exclusive_or(V x, V y, V z) {
        return _mm256_xor_si256(x, _mm256_xor_si256(y, z));
    }
    PARLEY_INLINE V choose(V x, V y, V z) {
        return _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)));
    }
    PARLEY_INLINE V majority(V x, V y, V z) {
        return _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)));
    }

    PARLEY_INLINE V byte_swap(V x) {
        const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order));
    }
    PARLEY_INLINE V counting_from(uint32_t first) {
        return add(broadcast(first), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
    }
    // AVX2 compares signed numbers only; x <= limit is the same as min(x, limit) == x.
    PARLEY_INLINE uint32_t at_most(V x, uint32_t limit) {
        const V equal = _mm256_cmpeq_epi32(_mm256_min_epu32(x, broadcast(limit)), x);
        return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(equal)));
    }

    // Rows of eight words become columns.
    PARLEY_INLINE void transpose(V (&row)[8]) {
        V pair[8];
        for (int i = 0; i < 8; i += 2) {
            pair[i] = _mm256_unpacklo_epi32(row[i], row[i + 1]);
            pair[i + 1] = _mm256_unpackhi_epi32(row[i], row[i + 1]);
        }
        V four[8];
        for (int i = 0; i < 8; i += 4) {
            four[i] = _mm256_unpacklo_epi64(pair[i], pair[i + 2]);
            four[i + 1] = _mm256_unpackhi_epi64(pair[i], pair[i + 2]);
            four[i + 2] = _mm256_unpacklo_epi64(pair[i + 1], pair[i + 3]);
            four[i + 3] = _mm256_unpackhi_epi64(pair[i + 1], pair[i + 3]);
        }
        for (int i = 0; i < 4; ++i) {
            row[i] = _mm256_permute2x128_si256(four[i], four[i + 4], 0x20);
            row[i + 4] = _mm256_permute2x128_si256(four[i], four[i + 4], 0x31);
        }
    }
    PARLEY_INLINE void load_blocks(V (&w)[16], const uint8_t* input) {
        for (int half = 0; half < 2; ++half) {
            V row[8];
            for (int i = 0; i < 8; ++i) {
                row[i] = _mm256_loadu_si256(reinterpret_cast<const V*>(input + 64 * i + 32 * half));
            }
            transpose(row);
            for (int i = 0; i < 8; ++i) w[8 * half + i] = byte_swap(row[i]);
        }
    }
    PARLEY_INLINE void store_digests(uint8_t* output, const V (&digest)[8]) {
        V row[8];
        for (int i = 0; i < 8; ++i) row[i] = byte_swap(digest[i]);
        transpose(row);
        for (int i = 0; i < 8; ++i)
            _mm256_storeu_si256(reinterpret_cast<V*>(output + 32 * i), row[i]);
    }
};

}  // namespace

void double_hash_avx2(uint8_t* output, const uint8_t* input) {
    LaneHash<Avx2>::double_hash(output, input);
}

uint64_t search_avx2(const SearchTemplate& work, uint32_t first, uint64_t count) {
    return LaneHash<Avx2>::search(work, first, count);
}

}  // namespace parley::sha256_kernels
#endif
