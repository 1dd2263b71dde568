#include "base/crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <bit>
#include <limits>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley {
namespace {

template <class Digest>
Digest hmac(const EVP_MD* function, ByteSpan key, ByteSpan data) {
    CHECK(key.size() <= size_t{std::numeric_limits<int>::max()});
    Digest digest{};
    unsigned size = 0;
    // A null key asks OpenSSL for "the key of the last call", so an empty key needs an address too.
    const uint8_t empty = 0;
    const uint8_t* key_bytes = key.empty() ? &empty : key.data();
    CHECK(HMAC(function, key_bytes, static_cast<int>(key.size()), data.data(), data.size(),
               digest.data(), &size) != nullptr);
    CHECK(size == digest.size());
    return digest;
}

struct SipState {
    uint64_t v0, v1, v2, v3;

    void rounds(int count) {
        for (; count > 0; --count) {
            v0 += v1;
            v1 = std::rotl(v1, 13) ^ v0;
            v0 = std::rotl(v0, 32);
            v2 += v3;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1;
            v1 = std::rotl(v1, 17) ^ v2;
            v2 = std::rotl(v2, 32);
        }
    }

    void absorb(uint64_t word) {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
    }
};

}  // namespace

Hash160 sha1(ByteSpan data) {
    Hash160 digest;
    CHECK(SHA1(data.data(), data.size(), digest.data()) != nullptr);
    return digest;
}

Hash160 hash160(ByteSpan data) {
    return ripemd160(sha256(data).span());
}

Hash512 hmac_sha512(ByteSpan key, ByteSpan data) {
    return hmac<Hash512>(EVP_sha512(), key, data);
}

Hash256 hmac_sha256(ByteSpan key, ByteSpan data) {
    return Hash256{hmac<std::array<uint8_t, 32>>(EVP_sha256(), key, data)};
}

uint64_t siphash24(uint64_t k0, uint64_t k1, ByteSpan data) {
    SipState state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                   k1 ^ 0x7465646279746573};
    // The last word holds the bytes that do not fill one, and the length modulo 256 in its top
    // byte.
    const uint64_t length = uint64_t{data.size()} << 56;
    for (; data.size() >= 8; data = data.subspan(8)) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8; ++i) word |= uint64_t{data[i]} << (8 * i);
        state.absorb(word);
    }
    uint64_t last = length;
    for (size_t i = 0; i < data.size(); ++i) last |= uint64_t{data[i]} << (8 * i);
    state.absorb(last);
    state.v2 ^= 0xff;
    state.rounds(4);
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

bool equal_constant_time(ByteSpan a, ByteSpan b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace parley
