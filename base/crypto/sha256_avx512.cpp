// SHA-256 in 16 lanes of AVX-512 (F and BW). Compiled for such processors only: see
// base/CMakeLists.txt.
#if defined(__AVX512F__) && defined(__AVX512BW__)
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the deliberately undefined operand inside its own intrinsics for a mistake
// (bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "base/crypto/sha256_kernels.h"
#include "base/crypto/sha256_lanes.h"

namespace parley::sha256_kernels {
namespace {

struct Avx512 {
    using V = __m512i;
    static constexpr uint64_t kLanes = 16;

    PARLEY_INLINE V broadcast(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
    PARLEY_INLINE V add(V a, V b) { return _mm512_add_epi32(a, b); }
    template <int bits>
    PARLEY_INLINE V ror(V x) {
        return _mm512_ror_epi32(x, bits);
    }
    template <unsigned bits>
    PARLEY_INLINE V shr(V x) {
        return _mm512_srli_epi32(x, bits);
    }
    // The truth tables of three bits: x is 0xf0, y is 0xcc, z is 0xaa.
    PARLEY_INLINE V exclusive_or(V x, V y, V z) { return _mm512_ternarylogic_epi32(x, y, z, 0x96); }
    PARLEY_INLINE V choose(V x, V y, V z) { return _mm512_ternarylogic_epi32(x, y, z, 0xca); }
    PARLEY_INLINE V majority(V x, V y, V z) { return _mm512_ternarylogic_epi32(x, y, z, 0xe8); }

    PARLEY_INLINE V byte_swap(V x) {
        const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(order));
    }
    PARLEY_INLINE V counting_from(uint32_t first) {
        return add(broadcast(first),
                   _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    }
    PARLEY_INLINE uint32_t at_most(V x, uint32_t limit) {
        return _mm512_cmple_epu32_mask(x, broadcast(limit));
    }

    // Where the words of one place lie in 16 blocks, or in 16 digests, that follow one another.
    PARLEY_INLINE V every(int words) {
        return _mm512_mullo_epi32(_mm512_set1_epi32(words), counting_from(0));
    }
    PARLEY_INLINE void load_blocks(V (&w)[16], const uint8_t* input) {
        for (int i = 0; i < 16; ++i)
            w[i] = byte_swap(_mm512_i32gather_epi32(every(16), input + 4 * i, 4));
    }
    PARLEY_INLINE void store_digests(uint8_t* output, const V (&digest)[8]) {
        for (int i = 0; i < 8; ++i)
            _mm512_i32scatter_epi32(output + 4 * i, every(8), byte_swap(digest[i]), 4);
    }
};

}  // namespace

void double_hash_avx512(uint8_t* output, const uint8_t* input) {
    LaneHash<Avx512>::double_hash(output, input);
}

uint64_t search_avx512(const SearchTemplate& work, uint32_t first, uint64_t count) {
    return LaneHash<Avx512>::search(work, first, count);
}

}  // namespace parley::sha256_kernels
#endif
