// SHA-256 in plain C++, for processors without anything better, and as the reference for all other
// kernels.
#include <bit>

#include "base/crypto/sha256_kernels.h"

namespace parley::sha256_kernels {
namespace {

uint32_t read_be32(const uint8_t* p) {
    return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | uint32_t{p[3]};
}

void write_be32(uint8_t* p, uint32_t value) {
    for (int i = 0; i < 4; ++i) p[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

uint32_t byte_swap(uint32_t value) {
    return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}

inline void round(uint32_t a, uint32_t b, uint32_t c, uint32_t& d, uint32_t e, uint32_t f,
                  uint32_t g, uint32_t& h, uint32_t word_and_constant) {
    const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t choose = g ^ (e & (f ^ g));
    const uint32_t t1 = h + sum1 + choose + word_and_constant;
    const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t majority = (a & b) | (c & (a | b));
    d += t1;
    h = t1 + sum0 + majority;
}

// Rounds i to i + 7; after eight rounds every word is back in its own variable.
inline void eight_rounds(uint32_t (&s)[8], const uint32_t* w, const uint32_t* k) {
    round(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], w[0] + k[0]);
    round(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], w[1] + k[1]);
    round(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], w[2] + k[2]);
    round(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], w[3] + k[3]);
    round(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], w[4] + k[4]);
    round(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], w[5] + k[5]);
    round(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], w[6] + k[6]);
    round(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], w[7] + k[7]);
}

// `w` holds the 16 words of a block and is overwritten by later words of the message schedule.
void compress_words(uint32_t* state, uint32_t (&w)[16]) {
    uint32_t s[8];
    for (size_t i = 0; i < 8; ++i) s[i] = state[i];
    eight_rounds(s, w, kRoundConstants);
    eight_rounds(s, w + 8, kRoundConstants + 8);
    for (size_t i = 16; i < 64; i += 16) {
        for (size_t j = 0; j < 16; ++j) {
            const uint32_t w1 = w[(j + 1) % 16];
            const uint32_t w14 = w[(j + 14) % 16];
            const uint32_t sigma0 = std::rotr(w1, 7) ^ std::rotr(w1, 18) ^ (w1 >> 3);
            const uint32_t sigma1 = std::rotr(w14, 17) ^ std::rotr(w14, 19) ^ (w14 >> 10);
            w[j] += sigma0 + w[(j + 9) % 16] + sigma1;
        }
        eight_rounds(s, w, kRoundConstants + i);
        eight_rounds(s, w + 8, kRoundConstants + i + 8);
    }
    for (size_t i = 0; i < 8; ++i) state[i] += s[i];
}

// SHA-256 of the digest `inner`, in place.
void hash_digest(uint32_t (&digest)[8]) {
    uint32_t w[16] = {digest[0], digest[1], digest[2],  digest[3], digest[4], digest[5],
                      digest[6], digest[7], 0x80000000, 0,         0,         0,
                      0,         0,         0,          256};
    for (size_t i = 0; i < 8; ++i) digest[i] = kInitial[i];
    compress_words(digest, w);
}

}  // namespace

void compress_portable(uint32_t* state, const uint8_t* blocks, size_t count) {
    for (; count > 0; --count, blocks += 64) {
        uint32_t w[16];
        for (size_t i = 0; i < 16; ++i) w[i] = read_be32(blocks + 4 * i);
        compress_words(state, w);
    }
}

void double_hash_portable(uint8_t* output, const uint8_t* input) {
    uint32_t digest[8];
    for (size_t i = 0; i < 8; ++i) digest[i] = kInitial[i];
    compress_portable(digest, input, 1);
    uint32_t padding[16] = {0x80000000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 512};
    compress_words(digest, padding);
    hash_digest(digest);
    for (size_t i = 0; i < 8; ++i) write_be32(output + 4 * i, digest[i]);
}

uint64_t search_portable(const SearchTemplate& work, uint32_t first, uint64_t count) {
    for (uint64_t offset = 0; offset < count; ++offset) {
        const uint32_t nonce = byte_swap(static_cast<uint32_t>(first + offset));
        uint32_t w[16] = {work.tail[0],
                          work.tail[1],
                          work.tail[2],
                          nonce,
                          0x80000000,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          640};
        uint32_t digest[8];
        for (size_t i = 0; i < 8; ++i) digest[i] = work.midstate[i];
        compress_words(digest, w);
        hash_digest(digest);
        if (byte_swap(digest[7]) <= work.target_top) return offset;
    }
    return count;
}

}  // namespace parley::sha256_kernels
