#include "base/crypto/hash.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <simdjson.h>

#include "base/crypto/sha256.h"
#include "base/random.h"
#include "tests/unit/seed.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

std::string hex_of(const Hash256& hash) {
    return to_hex(hash.span());
}

TEST(Ripemd160Test, published_vectors_match) {
    EXPECT_EQ(to_hex(ripemd160({})), "9c1185a5c5e9fc54612808977ee8f548b2258d31");
    EXPECT_EQ(to_hex(ripemd160(as_bytes("a"))), "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe");
    EXPECT_EQ(to_hex(ripemd160(as_bytes("abc"))), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    EXPECT_EQ(to_hex(ripemd160(as_bytes("message digest"))),
              "5d0689ef49d2fae572b881b123a85ffa21595f36");
    EXPECT_EQ(to_hex(ripemd160(as_bytes("abcdefghijklmnopqrstuvwxyz"))),
              "f71c27109c692c1b56bbdceb5b9d2865b3708dbc");
    EXPECT_EQ(
        to_hex(ripemd160(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
        "12a053384a9c0c88e405a06c27dcf49ada62eb2b");
    EXPECT_EQ(to_hex(ripemd160(Bytes(1'000'000, 'a'))), "52783243c1697bdbe16d37f97f68f08325dc1528");
}

TEST(Ripemd160Test, every_length_around_the_padding_agrees_with_openssl) {
    const EVP_MD* reference = EVP_ripemd160();
    SeededRandom random{3};
    for (size_t size = 0; size <= 200; ++size) {
        Bytes data(size);
        random.fill(data);
        Hash160 expected;
        if (EVP_Digest(data.data(), size, expected.data(), nullptr, reference, nullptr) != 1) {
            GTEST_SKIP() << "this OpenSSL lacks RIPEMD-160: 201 lengths left out";
        }
        ASSERT_EQ(ripemd160(data), expected) << size;
    }
}

TEST(Sha1Test, fips_vectors_match) {
    EXPECT_EQ(to_hex(sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(to_hex(sha1(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST(Hash160Test, generator_gives_its_well_known_hash) {
    const auto key = from_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    EXPECT_EQ(to_hex(hash160(*key)), "751e76e8199196d454941c45d1b3a323f1433bd6");
}

struct HmacCase {
    Bytes key, data;
    const char* sha256;
    const char* sha512;
};

TEST(HmacTest, rfc4231_vectors_match) {
    const HmacCase cases[] = {
        {Bytes(20, 0x0b), to_bytes(as_bytes("Hi There")),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
         "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
         "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
        {to_bytes(as_bytes("Jefe")), to_bytes(as_bytes("what do ya want for nothing?")),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
         "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
        {Bytes(20, 0xaa), Bytes(50, 0xdd),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
         "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
         "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"},
        {Bytes(131, 0xaa),
         to_bytes(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
         "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
    };
    for (const HmacCase& c : cases) {
        EXPECT_EQ(hex_of(hmac_sha256(c.key, c.data)), c.sha256);
        EXPECT_EQ(to_hex(hmac_sha512(c.key, c.data)), c.sha512);
    }
}

TEST(HmacTest, empty_key_and_data_match_and_do_not_repeat_the_last_key) {
    (void)hmac_sha256(Bytes(20, 0x0b), {});
    EXPECT_EQ(hex_of(hmac_sha256({}, {})),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(SipHashTest, vectors_of_the_paper_match) {
    // Key 00..0f, message 00, 01, ... of each length; appendix A and the reference implementation.
    constexpr uint64_t kKey0 = 0x0706050403020100;
    constexpr uint64_t kKey1 = 0x0f0e0d0c0b0a0908;
    Bytes message;
    for (uint8_t i = 0; i < 15; ++i) message.push_back(i);
    const auto of = [&](size_t size) {
        return siphash24(kKey0, kKey1, ByteSpan{message}.first(size));
    };
    EXPECT_EQ(of(0), 0x726fdb47dd0e0e31u);
    EXPECT_EQ(of(1), 0x74f839c593dc67fdu);
    EXPECT_EQ(of(2), 0x0d6c8009d9a94f5au);
    EXPECT_EQ(of(3), 0x85676696d7fb7e2du);
    EXPECT_EQ(of(8), 0x93f5f5799a932462u);
    EXPECT_EQ(of(15), 0xa129ca6149be45e5u);
}

TEST(SipHashVectors, all_match) {
    const auto text = read_vectors("siphash.json");
    if (!text) GTEST_SKIP() << "siphash.json not found: 146 cases left out";
    simdjson::dom::parser parser;
    int cases = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        const auto key = [&](size_t i) {
            const std::string_view digits = row["key"].at(i);
            return std::stoull(std::string{digits}, nullptr, 16);
        };
        Bytes input;
        for (const std::string_view part : row["input"].get_array()) append(input, *from_hex(part));
        const std::string_view expected = row["expected"]["siphash24"];
        EXPECT_EQ(siphash24(key(0), key(1), input),
                  std::stoull(std::string{expected}, nullptr, 16));
        ++cases;
    }
    expect_cases("siphash.json", cases, 146);
}

TEST(EqualConstantTimeTest, differs_in_any_byte_or_size_result_false) {
    const Bytes bytes{1, 2, 3, 4};
    EXPECT_TRUE(equal_constant_time(bytes, Bytes{1, 2, 3, 4}));
    EXPECT_TRUE(equal_constant_time({}, {}));
    EXPECT_FALSE(equal_constant_time(bytes, Bytes{1, 2, 3}));
    for (size_t i = 0; i < bytes.size(); ++i) {
        Bytes other = bytes;
        other[i] ^= 0x80;
        EXPECT_FALSE(equal_constant_time(bytes, other)) << i;
    }
}

}  // namespace
}  // namespace parley
