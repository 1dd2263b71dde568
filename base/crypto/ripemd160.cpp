// RIPEMD-160 (Dobbertin, Bosselaers, Preneel: "RIPEMD-160, a strengthened version of RIPEMD",
// 1996). Our own, because some builds of OpenSSL 3 keep it in the legacy provider, which an
// installation may lack, and because a key hash must not cost a context on the heap.
#include <algorithm>
#include <bit>
#include <utility>

#include "base/crypto/hash.h"

namespace parley {
namespace {

using Words = std::array<uint32_t, 5>;

struct Line {
    std::array<uint8_t, 80> word;   // which message word each step takes
    std::array<uint8_t, 80> shift;  // and how far it rotates
    std::array<uint32_t, 5> constant;
};

constexpr Line kLeft{{0, 1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,  //
                      7, 4,  13, 1,  10, 6,  15, 3,  12, 0, 9,  5,  2,  14, 11, 8,   //
                      3, 10, 14, 4,  9,  15, 8,  1,  2,  7, 0,  6,  13, 11, 5,  12,  //
                      1, 9,  11, 10, 0,  8,  12, 4,  13, 3, 7,  15, 14, 5,  6,  2,   //
                      4, 0,  5,  9,  7,  12, 2,  10, 14, 1, 3,  8,  11, 6,  15, 13},
                     {11, 14, 15, 12, 5,  8,  7,  9,  11, 13, 14, 15, 6,  7,  9,  8,   //
                      7,  6,  8,  13, 11, 9,  7,  15, 7,  12, 15, 9,  11, 7,  13, 12,  //
                      11, 13, 6,  7,  14, 9,  13, 15, 14, 8,  13, 6,  5,  12, 7,  5,   //
                      11, 12, 14, 15, 14, 15, 9,  8,  9,  14, 5,  6,  8,  6,  5,  12,  //
                      9,  15, 5,  11, 6,  8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6},
                     {0x00000000, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e}};

constexpr Line kRight{{5,  14, 7,  0, 9, 2,  11, 4,  13, 6,  15, 8,  1,  10, 3,  12,  //
                       6,  11, 3,  7, 0, 13, 5,  10, 14, 15, 8,  12, 4,  9,  1,  2,   //
                       15, 5,  1,  3, 7, 14, 6,  9,  11, 8,  12, 2,  10, 0,  4,  13,  //
                       8,  6,  4,  1, 3, 11, 15, 0,  5,  12, 2,  13, 9,  7,  10, 14,  //
                       12, 15, 10, 4, 1, 5,  8,  7,  6,  2,  13, 14, 0,  3,  9,  11},
                      {8,  9,  9,  11, 13, 15, 15, 5,  7,  7,  8,  11, 14, 14, 12, 6,   //
                       9,  13, 15, 7,  12, 8,  9,  11, 7,  7,  12, 7,  6,  15, 13, 11,  //
                       9,  7,  15, 11, 8,  6,  6,  14, 12, 13, 5,  14, 13, 13, 7,  5,   //
                       15, 5,  8,  11, 14, 14, 6,  14, 6,  9,  12, 9,  12, 5,  15, 8,   //
                       8,  5,  12, 9,  12, 5,  14, 6,  8,  13, 6,  5,  15, 13, 11, 11},
                      {0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0x00000000}};

template <int number>
constexpr uint32_t mix(uint32_t x, uint32_t y, uint32_t z) {
    if constexpr (number == 0) return x ^ y ^ z;
    if constexpr (number == 1) return (x & y) | (~x & z);
    if constexpr (number == 2) return (x | ~y) ^ z;
    if constexpr (number == 3) return (x & z) | (y & ~z);
    if constexpr (number == 4) return x ^ (y | ~z);
}

template <const Line& line, int function, size_t step>
inline void one_step(Words& s, const std::array<uint32_t, 16>& message) {
    const uint32_t sum = s[0] + mix<function>(s[1], s[2], s[3]) + message[line.word[step]] +
                         line.constant[step / 16];
    s = {s[4], std::rotl(sum, line.shift[step]) + s[4], s[1], std::rotl(s[2], 10), s[3]};
}

template <size_t... step>
void eighty_steps(Words& left, Words& right, const std::array<uint32_t, 16>& message,
                  std::index_sequence<step...>) {
    // The right line uses the functions in the opposite order.
    ((one_step<kLeft, static_cast<int>(step / 16), step>(left, message),
      one_step<kRight, 4 - static_cast<int>(step / 16), step>(right, message)),
     ...);
}

void compress(Words& state, const uint8_t* block) {
    std::array<uint32_t, 16> message;
    for (size_t i = 0; i < 16; ++i) {
        const uint8_t* p = block + 4 * i;
        message[i] =
            uint32_t{p[0]} | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
    }
    Words left = state;
    Words right = state;
    eighty_steps(left, right, message, std::make_index_sequence<80>{});
    state = {state[1] + left[2] + right[3], state[2] + left[3] + right[4],
             state[3] + left[4] + right[0], state[4] + left[0] + right[1],
             state[0] + left[1] + right[2]};
}

}  // namespace

Hash160 ripemd160(ByteSpan data) {
    Words state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    const uint64_t bits = uint64_t{data.size()} * 8;
    for (; data.size() >= 64; data = data.subspan(64)) compress(state, data.data());

    // Padding: the remaining bytes, a one bit, zeros, and the length in bits; one or two blocks.
    std::array<uint8_t, 128> tail{};
    std::copy(data.begin(), data.end(), tail.begin());
    tail[data.size()] = 0x80;
    const size_t tail_size = data.size() < 56 ? 64 : 128;
    for (size_t i = 0; i < 8; ++i) tail[tail_size - 8 + i] = static_cast<uint8_t>(bits >> (8 * i));
    compress(state, tail.data());
    if (tail_size == 128) compress(state, tail.data() + 64);

    Hash160 digest;
    for (size_t i = 0; i < digest.size(); ++i)
        digest[i] = static_cast<uint8_t>(state[i / 4] >> (8 * (i % 4)));
    return digest;
}

}  // namespace parley
