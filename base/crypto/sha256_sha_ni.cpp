// SHA-256 with the SHA extensions. Compiled for such processors only: see base/CMakeLists.txt.
//
// The instruction for two rounds has to wait for the one before it, which leaves the unit idle half
// of the time; the kernels for two messages interleave them and so fill the gaps.
#if defined(__SHA__) && defined(__SSE4_1__)
#include <immintrin.h>

#include "base/crypto/sha256_kernels.h"

namespace parley::sha256_kernels {
namespace {

#define PARLEY_INLINE [[gnu::always_inline]] inline

// The words of the state in the order that the instructions want, from the most significant down.
struct State {
    __m128i abef, cdgh;
};

PARLEY_INLINE __m128i load(const void* p) {
    return _mm_loadu_si128(static_cast<const __m128i*>(p));
}
PARLEY_INLINE void store(void* p, __m128i x) {
    _mm_storeu_si128(static_cast<__m128i*>(p), x);
}
PARLEY_INLINE __m128i constants(int quad) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants + 4 * quad));
}
// Four words, the first one lowest.
PARLEY_INLINE __m128i words(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    return _mm_set_epi32(static_cast<int>(d), static_cast<int>(c), static_cast<int>(b),
                         static_cast<int>(a));
}

PARLEY_INLINE __m128i byte_swap(__m128i x) {
    return _mm_shuffle_epi8(x, _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
}

PARLEY_INLINE State load_state(const uint32_t* state) {
    const __m128i badc = _mm_shuffle_epi32(load(state), 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(load(state + 4), 0x1b);
    return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

// The state as two quads in the order of the standard: a to d, e to h.
PARLEY_INLINE void unpack(State s, __m128i& abcd, __m128i& efgh) {
    const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
    abcd = _mm_blend_epi16(feba, dchg, 0xf0);
    efgh = _mm_alignr_epi8(dchg, feba, 8);
}

PARLEY_INLINE State sum(State x, State y) {
    return {_mm_add_epi32(x.abef, y.abef), _mm_add_epi32(x.cdgh, y.cdgh)};
}

// Two rounds: the old abef is the new cdgh, so the two only change places.
PARLEY_INLINE void two_rounds(State& s, __m128i word_and_constant) {
    const __m128i next = _mm_sha256rnds2_epu32(s.cdgh, s.abef, word_and_constant);
    s.cdgh = s.abef;
    s.abef = next;
}

PARLEY_INLINE __m128i upper(__m128i x) {
    return _mm_shuffle_epi32(x, 0x0e);
}

template <int streams>
PARLEY_INLINE void four_rounds(State (&s)[streams], const __m128i (&word_and_constant)[streams]) {
    for (int k = 0; k < streams; ++k) two_rounds(s[k], word_and_constant[k]);
    for (int k = 0; k < streams; ++k) two_rounds(s[k], upper(word_and_constant[k]));
}

template <int streams>
PARLEY_INLINE void four_rounds_of_constants(State (&s)[streams], __m128i word_and_constant) {
    for (int k = 0; k < streams; ++k) two_rounds(s[k], word_and_constant);
    for (int k = 0; k < streams; ++k) two_rounds(s[k], upper(word_and_constant));
}

// The four words that follow the sixteen in m[0] to m[3] and replace the oldest.
template <int oldest>
PARLEY_INLINE void extend(__m128i (&m)[4]) {
    __m128i& w0 = m[oldest];
    const __m128i w4 = m[(oldest + 1) % 4];
    const __m128i w8 = m[(oldest + 2) % 4];
    const __m128i w12 = m[(oldest + 3) % 4];
    w0 = _mm_sha256msg2_epu32(
        _mm_add_epi32(_mm_sha256msg1_epu32(w0, w4), _mm_alignr_epi8(w12, w8, 4)), w12);
}

// Rounds 4 * quad to 4 * end - 1.
template <int quad, int end, int streams>
PARLEY_INLINE void quads(State (&s)[streams], __m128i (&m)[streams][4]) {
    if constexpr (quad < end) {
        if constexpr (quad >= 4) {
            for (int k = 0; k < streams; ++k) extend<quad % 4>(m[k]);
        }
        __m128i word_and_constant[streams];
        for (int k = 0; k < streams; ++k)
            word_and_constant[k] = _mm_add_epi32(m[k][quad % 4], constants(quad));
        four_rounds<streams>(s, word_and_constant);
        quads<quad + 1, end, streams>(s, m);
    }
}

// The words behind a digest: a one bit, zeros, the length in bits.
template <int streams>
PARLEY_INLINE void load_digest_words(__m128i (&m)[streams][4], const State (&digest)[streams]) {
    for (int k = 0; k < streams; ++k) {
        unpack(digest[k], m[k][0], m[k][1]);
        m[k][2] = words(0x80000000, 0, 0, 0);
        m[k][3] = words(0, 0, 0, 256);
    }
}

// The message schedule of the padding behind 64 bytes, with the round constants added.
struct PaddingSchedule {
    alignas(16) uint32_t word[64];
};
constexpr uint32_t rotate_right(uint32_t x, int bits) {
    return x >> bits | x << (32 - bits);
}
constexpr PaddingSchedule schedule_padding_of_64_bytes() {
    PaddingSchedule w{{0x80000000}};
    w.word[15] = 512;
    for (int i = 16; i < 64; ++i) {
        const uint32_t w1 = w.word[i - 15];
        const uint32_t w14 = w.word[i - 2];
        w.word[i] = w.word[i - 16] + (rotate_right(w1, 7) ^ rotate_right(w1, 18) ^ w1 >> 3) +
                    w.word[i - 7] + (rotate_right(w14, 17) ^ rotate_right(w14, 19) ^ w14 >> 10);
    }
    for (int i = 0; i < 64; ++i) w.word[i] += kRoundConstants[i];
    return w;
}
constexpr PaddingSchedule kPadding = schedule_padding_of_64_bytes();

template <int streams>
PARLEY_INLINE void double_hash(uint8_t* output, const uint8_t* input) {
    const State initial = load_state(kInitial);
    State s[streams];
    __m128i m[streams][4];
    for (int k = 0; k < streams; ++k) {
        s[k] = initial;
        for (int i = 0; i < 4; ++i) m[k][i] = byte_swap(load(input + 64 * k + 16 * i));
    }
    quads<0, 16, streams>(s, m);
    State first[streams];
    for (int k = 0; k < streams; ++k) first[k] = s[k] = sum(s[k], initial);
    for (int quad = 0; quad < 16; ++quad)
        four_rounds_of_constants<streams>(s, load(kPadding.word + 4 * quad));
    for (int k = 0; k < streams; ++k) first[k] = sum(s[k], first[k]);
    load_digest_words<streams>(m, first);
    for (int k = 0; k < streams; ++k) s[k] = initial;
    quads<0, 16, streams>(s, m);
    for (int k = 0; k < streams; ++k) {
        __m128i abcd, efgh;
        unpack(sum(s[k], initial), abcd, efgh);
        store(output + 32 * k, byte_swap(abcd));
        store(output + 32 * k + 16, byte_swap(efgh));
    }
}

// What does not depend on the nonce: the state after rounds 0 and 1, and the words of the block but
// one.
struct Prepared {
    State midstate, after_two;
    uint32_t word2;
    __m128i first_quad;  // words 0 to 3 with a zero for the nonce
};

PARLEY_INLINE Prepared prepare(const SearchTemplate& work) {
    Prepared ready;
    ready.midstate = ready.after_two = load_state(work.midstate);
    ready.word2 = work.tail[2];
    ready.first_quad = words(work.tail[0], work.tail[1], work.tail[2], 0);
    two_rounds(ready.after_two, _mm_add_epi32(ready.first_quad, constants(0)));
    return ready;
}

// The digests of the header with `streams` nonces (big-endian words).
template <int streams>
PARLEY_INLINE void hash_header(State (&s)[streams], const Prepared& ready,
                               const uint32_t (&nonce)[streams]) {
    __m128i m[streams][4];
    for (int k = 0; k < streams; ++k) {
        m[k][0] = _mm_insert_epi32(ready.first_quad, static_cast<int>(nonce[k]), 3);
        s[k] = ready.after_two;
        two_rounds(s[k], upper(_mm_add_epi32(m[k][0], constants(0))));
    }
    const __m128i second = words(0x80000000, 0, 0, 0);
    const __m128i fourth = words(0, 0, 0, 640);
    four_rounds_of_constants<streams>(s, _mm_add_epi32(second, constants(1)));
    four_rounds_of_constants<streams>(s, constants(2));
    four_rounds_of_constants<streams>(s, _mm_add_epi32(fourth, constants(3)));
    for (int k = 0; k < streams; ++k) {
        m[k][1] = second;
        m[k][2] = _mm_setzero_si128();
        m[k][3] = fourth;
    }
    quads<4, 16, streams>(s, m);
    for (int k = 0; k < streams; ++k) s[k] = sum(s[k], ready.midstate);
}

// The last word of the digest of each digest: the e after round 60, which only moves along
// afterwards. The two rounds that are left out are 62 and 63.
template <int streams>
PARLEY_INLINE void last_words(uint32_t (&last)[streams], const State (&digest)[streams],
                              State initial) {
    __m128i m[streams][4];
    load_digest_words<streams>(m, digest);
    State s[streams];
    for (int k = 0; k < streams; ++k) s[k] = initial;
    quads<0, 2, streams>(s, m);
    four_rounds_of_constants<streams>(s, _mm_add_epi32(words(0x80000000, 0, 0, 0), constants(2)));
    four_rounds_of_constants<streams>(s, _mm_add_epi32(words(0, 0, 0, 256), constants(3)));
    quads<4, 15, streams>(s, m);
    for (int k = 0; k < streams; ++k) {
        extend<15 % 4>(m[k]);
        two_rounds(s[k], _mm_add_epi32(m[k][3], constants(15)));
        // After round 61, f is what e was after round 60: the lowest word.
        last[k] = static_cast<uint32_t>(_mm_cvtsi128_si32(s[k].abef)) + kInitial[7];
    }
}

}  // namespace

void compress_sha_ni(uint32_t* state, const uint8_t* blocks, size_t count) {
    State s[1] = {load_state(state)};
    for (; count > 0; --count, blocks += 64) {
        const State before = s[0];
        __m128i m[1][4];
        for (int i = 0; i < 4; ++i) m[0][i] = byte_swap(load(blocks + 16 * i));
        quads<0, 16, 1>(s, m);
        s[0] = sum(s[0], before);
    }
    __m128i abcd, efgh;
    unpack(s[0], abcd, efgh);
    store(state, abcd);
    store(state + 4, efgh);
}

void double_hash_sha_ni(uint8_t* output, const uint8_t* input) {
    double_hash<1>(output, input);
}

void double_hash_sha_ni_x2(uint8_t* output, const uint8_t* input) {
    double_hash<2>(output, input);
}

uint64_t search_sha_ni_x2(const SearchTemplate& work, uint32_t first, uint64_t count) {
    constexpr int kStreams = 2;
    const Prepared ready = prepare(work);
    const State initial = load_state(kInitial);
    for (uint64_t offset = 0; offset < count; offset += kStreams) {
        uint32_t nonce[kStreams];
        for (int k = 0; k < kStreams; ++k) {
            nonce[k] =
                __builtin_bswap32(static_cast<uint32_t>(first + offset) + static_cast<uint32_t>(k));
        }
        State digest[kStreams];
        hash_header<kStreams>(digest, ready, nonce);
        uint32_t last[kStreams];
        last_words<kStreams>(last, digest, initial);
        for (unsigned k = 0; k < kStreams; ++k) {
            if (__builtin_bswap32(last[k]) <= work.target_top) return offset + k;
        }
    }
    return count;
}

}  // namespace parley::sha256_kernels
#endif
