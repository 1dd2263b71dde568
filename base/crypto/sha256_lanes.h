// SHA-256 of several independent messages at once, one per 32-bit lane of a vector register.
// Included by the AVX2 and AVX-512 kernel files, which supply `L`: the vector type L::V, L::kLanes,
// and the operations on it. Everything has internal linkage and is inlined, because each of those
// files is compiled for its own processor (see sha256_kernels.h).
#pragma once

#include "base/crypto/sha256_kernels.h"

namespace parley::sha256_kernels {
namespace {

#define PARLEY_INLINE [[gnu::always_inline]] static inline

// The same functions on scalars, for values that all lanes share.
constexpr uint32_t rotate_right(uint32_t x, int bits) {
    return x >> bits | x << (32 - bits);
}
constexpr uint32_t scalar_sum0(uint32_t x) {
    return rotate_right(x, 2) ^ rotate_right(x, 13) ^ rotate_right(x, 22);
}
constexpr uint32_t scalar_sum1(uint32_t x) {
    return rotate_right(x, 6) ^ rotate_right(x, 11) ^ rotate_right(x, 25);
}
constexpr uint32_t scalar_sigma0(uint32_t x) {
    return rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3;
}
constexpr uint32_t scalar_sigma1(uint32_t x) {
    return rotate_right(x, 17) ^ rotate_right(x, 19) ^ x >> 10;
}
constexpr uint32_t scalar_choose(uint32_t x, uint32_t y, uint32_t z) {
    return (x & y) ^ (~x & z);
}
constexpr uint32_t scalar_majority(uint32_t x, uint32_t y, uint32_t z) {
    return (x & y) ^ (x & z) ^ (y & z);
}

// A round's contribution to d (the new e) and its new a; the message word is added to both.
struct RoundSums {
    uint32_t to_d, to_a;
};
constexpr RoundSums scalar_round(const uint32_t (&s)[8], uint32_t constant) {
    const uint32_t t1 = s[7] + scalar_sum1(s[4]) + scalar_choose(s[4], s[5], s[6]) + constant;
    return {s[3] + t1, t1 + scalar_sum0(s[0]) + scalar_majority(s[0], s[1], s[2])};
}

// The message schedule of a block that all messages share, with the round constants added.
struct ConstantSchedule {
    uint32_t word[64];
};
constexpr ConstantSchedule schedule_padding_of_64_bytes() {
    ConstantSchedule w{{0x80000000}};
    w.word[15] = 512;
    for (int i = 16; i < 64; ++i) {
        w.word[i] = w.word[i - 16] + scalar_sigma0(w.word[i - 15]) + w.word[i - 7] +
                    scalar_sigma1(w.word[i - 2]);
    }
    for (int i = 0; i < 64; ++i) w.word[i] += kRoundConstants[i];
    return w;
}
alignas(64) constexpr ConstantSchedule kPaddingOf64Bytes = schedule_padding_of_64_bytes();

constexpr uint32_t kOneBit = 0x80000000;  // the bit behind a message that ends on a word
constexpr uint32_t kDigestBits = 256;     // length of a message that is a digest
constexpr uint32_t kHeaderBits = 640;     // length of a block header
constexpr RoundSums kFirstRoundOfDigest = scalar_round(kInitial, kRoundConstants[0]);

template <class L>
struct LaneHash {
    using V = typename L::V;

    PARLEY_INLINE V add(V a, V b) { return L::add(a, b); }
    PARLEY_INLINE V add(V a, uint32_t b) { return L::add(a, L::broadcast(b)); }
    PARLEY_INLINE V sum0(V x) {
        return L::exclusive_or(L::template ror<2>(x), L::template ror<13>(x),
                               L::template ror<22>(x));
    }
    PARLEY_INLINE V sum1(V x) {
        return L::exclusive_or(L::template ror<6>(x), L::template ror<11>(x),
                               L::template ror<25>(x));
    }
    PARLEY_INLINE V sigma0(V x) {
        return L::exclusive_or(L::template ror<7>(x), L::template ror<18>(x),
                               L::template shr<3>(x));
    }
    PARLEY_INLINE V sigma1(V x) {
        return L::exclusive_or(L::template ror<17>(x), L::template ror<19>(x),
                               L::template shr<10>(x));
    }

    // Round i. The eight words keep their places and change their roles: a is s[0] in round 0, s[7]
    // in round 1, and so on.
    template <int i>
    PARLEY_INLINE void round(V (&s)[8], V word_and_constant) {
        constexpr int kA = (64 - i) % 8;
        V& d = s[(kA + 3) % 8];
        V& h = s[(kA + 7) % 8];
        const V a = s[kA];
        const V e = s[(kA + 4) % 8];
        const V t1 =
            add(add(add(h, word_and_constant), L::choose(e, s[(kA + 5) % 8], s[(kA + 6) % 8])),
                sum1(e));
        d = add(d, t1);
        h = add(add(t1, L::majority(a, s[(kA + 1) % 8], s[(kA + 2) % 8])), sum0(a));
    }

    // Rounds i to end - 1 of a block with the words `w` (a ring of 16). After its last use, each
    // word is replaced by the one 16 positions later.
    template <int i, int end>
    PARLEY_INLINE void rounds(V (&s)[8], V (&w)[16]) {
        if constexpr (i < end) {
            if constexpr (i >= 16) extend<i>(w);
            round<i>(s, add(w[i % 16], kRoundConstants[i]));
            rounds<i + 1, end>(s, w);
        }
    }

    template <int i>
    PARLEY_INLINE void extend(V (&w)[16]) {
        w[i % 16] = add(add(w[i % 16], sigma0(w[(i + 1) % 16])),
                        add(w[(i + 9) % 16], sigma1(w[(i + 14) % 16])));
    }

    // Rounds i to end - 1 with words that are already in `w`.
    template <int i, int end>
    PARLEY_INLINE void rounds_as_given(V (&s)[8], const V (&w)[16]) {
        if constexpr (i < end) {
            round<i>(s, add(w[i % 16], kRoundConstants[i]));
            rounds_as_given<i + 1, end>(s, w);
        }
    }

    // Rounds i to end - 1 with the same words in all lanes; `table` holds the sum of word and
    // constant for each round.
    template <int i, int end>
    PARLEY_INLINE void rounds_of_constants(V (&s)[8], const uint32_t* table) {
        if constexpr (i < end) {
            round<i>(s, L::broadcast(table[i]));
            rounds_of_constants<i + 1, end>(s, table);
        }
    }

    PARLEY_INLINE void load_initial(V (&s)[8]) {
        for (int i = 0; i < 8; ++i) s[i] = L::broadcast(kInitial[i]);
    }

    // The first 32 rounds of hashing a digest `w[0..7]`. The words behind it are a one bit, zeros
    // and the length, so round 0 starts from constants, and half of the first schedule extension is
    // constant.
    PARLEY_INLINE void first_half_of_digest(V (&s)[8], V (&w)[16]) {
        load_initial(s);
        s[3] = add(w[0], kFirstRoundOfDigest.to_d);
        s[7] = add(w[0], kFirstRoundOfDigest.to_a);
        rounds_as_given<1, 8>(s, w);
        static constexpr uint32_t kPadding[16] = {0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  kRoundConstants[8] + kOneBit,
                                                  kRoundConstants[9],
                                                  kRoundConstants[10],
                                                  kRoundConstants[11],
                                                  kRoundConstants[12],
                                                  kRoundConstants[13],
                                                  kRoundConstants[14],
                                                  kRoundConstants[15] + kDigestBits};
        rounds_of_constants<8, 16>(s, kPadding);
        w[0] = add(w[0], sigma0(w[1]));
        w[1] = add(add(w[1], sigma0(w[2])), scalar_sigma1(kDigestBits));
        w[2] = add(add(w[2], sigma0(w[3])), sigma1(w[0]));
        w[3] = add(add(w[3], sigma0(w[4])), sigma1(w[1]));
        w[4] = add(add(w[4], sigma0(w[5])), sigma1(w[2]));
        w[5] = add(add(w[5], sigma0(w[6])), sigma1(w[3]));
        w[6] = add(add(w[6], sigma0(w[7])), add(sigma1(w[4]), kDigestBits));
        w[7] = add(add(w[7], w[0]), add(sigma1(w[5]), scalar_sigma0(kOneBit)));
        w[8] = add(add(w[1], kOneBit), sigma1(w[6]));
        w[9] = add(w[2], sigma1(w[7]));
        w[10] = add(w[3], sigma1(w[8]));
        w[11] = add(w[4], sigma1(w[9]));
        w[12] = add(w[5], sigma1(w[10]));
        w[13] = add(w[6], sigma1(w[11]));
        w[14] = add(add(w[7], scalar_sigma0(kDigestBits)), sigma1(w[12]));
        w[15] = add(add(w[8], sigma0(w[0])), add(sigma1(w[13]), kDigestBits));
        rounds_as_given<16, 32>(s, w);
    }

    // SHA-256 of L::kLanes messages of 64 bytes, and of the digests.
    PARLEY_INLINE void double_hash(uint8_t* output, const uint8_t* input) {
        V w[16];
        L::load_blocks(w, input);
        V s[8];
        load_initial(s);
        rounds<0, 64>(s, w);
        V first[8];
        for (int i = 0; i < 8; ++i) first[i] = s[i] = add(s[i], kInitial[i]);
        rounds_of_constants<0, 64>(s, kPaddingOf64Bytes.word);
        for (int i = 0; i < 8; ++i) w[i] = add(s[i], first[i]);
        first_half_of_digest(s, w);
        rounds<32, 64>(s, w);
        for (int i = 0; i < 8; ++i) s[i] = add(s[i], kInitial[i]);
        L::store_digests(output, s);
    }

    // The part of rounds 0 to 3 and of the schedule that does not depend on the nonce, computed
    // once per search.
    struct Prepared {
        uint32_t state[8];  // after round 2, with the roles' places of round 3
        RoundSums round3;   // to which the nonce is added
        uint32_t word16, word17, word18, word19;  // the last two without their share of the nonce
    };
    PARLEY_INLINE Prepared prepare(const SearchTemplate& work) {
        uint32_t s[8];
        for (int i = 0; i < 8; ++i) s[i] = work.midstate[i];
        for (int i = 0; i < 3; ++i) {
            const RoundSums sums = scalar_round(s, kRoundConstants[i] + work.tail[i]);
            for (int k = 7; k > 0; --k) s[k] = s[k - 1];
            s[4] = sums.to_d;
            s[0] = sums.to_a;
        }
        Prepared ready{};
        for (int i = 0; i < 8; ++i)
            ready.state[(5 + i) % 8] = s[i];  // a of round 3 lies in place 5
        ready.round3 = scalar_round(s, kRoundConstants[3]);
        ready.word16 = work.tail[0] + scalar_sigma0(work.tail[1]);
        ready.word17 = work.tail[1] + scalar_sigma0(work.tail[2]) + scalar_sigma1(kHeaderBits);
        ready.word18 = work.tail[2] + scalar_sigma1(ready.word16);
        ready.word19 = scalar_sigma0(kOneBit) + scalar_sigma1(ready.word17);
        return ready;
    }

    // The digest of the header with the big-endian word `nonce`, from round 3 of its second block
    // on.
    PARLEY_INLINE void hash_header(V (&digest)[8], const Prepared& ready, const uint32_t* midstate,
                                   V nonce) {
        V s[8];
        for (int i = 0; i < 8; ++i) s[i] = L::broadcast(ready.state[i]);
        s[0] = add(nonce, ready.round3.to_d);  // d of round 3 lies in place 0, h in place 4
        s[4] = add(nonce, ready.round3.to_a);
        static constexpr uint32_t kPadding[16] = {0,
                                                  0,
                                                  0,
                                                  0,
                                                  kRoundConstants[4] + kOneBit,
                                                  kRoundConstants[5],
                                                  kRoundConstants[6],
                                                  kRoundConstants[7],
                                                  kRoundConstants[8],
                                                  kRoundConstants[9],
                                                  kRoundConstants[10],
                                                  kRoundConstants[11],
                                                  kRoundConstants[12],
                                                  kRoundConstants[13],
                                                  kRoundConstants[14],
                                                  kRoundConstants[15] + kHeaderBits};
        rounds_of_constants<4, 16>(s, kPadding);
        V w[16];
        w[0] = L::broadcast(ready.word16);
        w[1] = L::broadcast(ready.word17);
        w[2] = add(sigma0(nonce), ready.word18);
        w[3] = add(nonce, ready.word19);
        w[4] = add(sigma1(w[2]), kOneBit);
        w[5] = sigma1(w[3]);
        w[6] = add(sigma1(w[4]), kHeaderBits);
        w[7] = add(sigma1(w[5]), w[0]);
        w[8] = add(sigma1(w[6]), w[1]);
        w[9] = add(sigma1(w[7]), w[2]);
        w[10] = add(sigma1(w[8]), w[3]);
        w[11] = add(sigma1(w[9]), w[4]);
        w[12] = add(sigma1(w[10]), w[5]);
        w[13] = add(sigma1(w[11]), w[6]);
        w[14] = add(sigma1(w[12]), add(w[7], scalar_sigma0(kHeaderBits)));
        w[15] = add(add(sigma1(w[13]), w[8]), add(sigma0(w[0]), kHeaderBits));
        rounds_as_given<16, 32>(s, w);
        rounds<32, 64>(s, w);
        for (int i = 0; i < 8; ++i) digest[i] = add(s[i], midstate[i]);
    }

    // The last word of the digest of the digest `w[0..7]`: it is the e computed in round 60, which
    // the later rounds only shift.
    PARLEY_INLINE V last_word_of_digest(V (&w)[16]) {
        V s[8];
        first_half_of_digest(s, w);
        rounds<32, 60>(s, w);
        extend<60>(w);
        constexpr int kA = (64 - 60) % 8;
        const V e = s[(kA + 4) % 8];
        const V t1 = add(add(s[(kA + 7) % 8], w[60 % 16]),
                         add(L::choose(e, s[(kA + 5) % 8], s[(kA + 6) % 8]), sum1(e)));
        return add(add(s[(kA + 3) % 8], t1), kRoundConstants[60] + kInitial[7]);
    }

    PARLEY_INLINE uint64_t search(const SearchTemplate& work, uint32_t first, uint64_t count) {
        const Prepared ready = prepare(work);
        const uint32_t target_top = work.target_top;
        for (uint64_t offset = 0; offset < count; offset += L::kLanes) {
            const V nonce = L::byte_swap(L::counting_from(static_cast<uint32_t>(first + offset)));
            V w[16];
            V digest[8];
            hash_header(digest, ready, work.midstate, nonce);
            for (int i = 0; i < 8; ++i) w[i] = digest[i];
            const uint32_t hits = L::at_most(L::byte_swap(last_word_of_digest(w)), target_top);
            if (hits != 0) return offset + static_cast<uint64_t>(__builtin_ctz(hits));
        }
        return count;
    }
};

}  // namespace
}  // namespace parley::sha256_kernels
