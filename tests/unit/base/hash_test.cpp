#include "base/crypto/hash.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Ripemd160Test, published_vectors_match) {
    EXPECT_EQ(to_hex(ripemd160({})), "9c1185a5c5e9fc54612808977ee8f548b2258d31");
    EXPECT_EQ(to_hex(ripemd160(as_bytes("abc"))), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    EXPECT_EQ(
        to_hex(ripemd160(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
        "12a053384a9c0c88e405a06c27dcf49ada62eb2b");
    EXPECT_EQ(to_hex(ripemd160(Bytes(1'000'000, 'a'))), "52783243c1697bdbe16d37f97f68f08325dc1528");
}

}  // namespace
}  // namespace parley
