// BIP32's test vectors, and what must not parse or derive.
#include "wallet/descriptor/hd_key.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

constexpr HdVersion kPublicVersion{0x04, 0x88, 0xb2, 0x1e};
constexpr HdVersion kSecretVersion{0x04, 0x88, 0xad, 0xe4};

struct Vector {
    std::string_view seed;
    std::string_view path;
    std::string_view xpub;
    std::string_view xprv;
};

constexpr std::string_view kSeed1 = "000102030405060708090a0b0c0d0e0f";
constexpr std::string_view kSeed2 =
    "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875"
    "72"
    "6f6c696663605d5a5754514e4b484542";
constexpr std::string_view kSeed3 =
    "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0"
    "c6"
    "4d2e8a1e7d1457df2e5a3c51c73235be";

constexpr Vector kVectors[] = {{kSeed1, "",
                                "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESF"
                                "jqJoCu1Rupje8YtGqsefD265TMg7u"
                                "sUDFdp6W1EGMcet8",
                                "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvN"
                                "KmPGJxWUtg6LnF5kejMRNNU3TGtRB"
                                "eJgk33yuGBxrMPHi"},
                               {kSeed1, "0h",
                                "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZ"
                                "eNK1VTsfTFUHCdrfp1bgwQ9xv5ski"
                                "8PX9rL2dZXvgGDnw",
                                "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5"
                                "hj6KCesnDYUhd7oWgT11eZG7XnxHr"
                                "nYeSvkzY7d2bhkJ7"},
                               {kSeed1, "0h/1/2h/2/1000000000",
                                "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS"
                                "2UaFcxupHiYkro49S8yGasTvXEYBV"
                                "PamhGW6cFJodrTHy",
                                "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGp"
                                "Wmj4WggLyQjgPie1rFSruoUihUZRE"
                                "PSL39UNdE3BBDu76"},
                               {kSeed2, "0/2147483647h/1/2147483646h/2",
                                "xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9"
                                "HmGsApME5hQTZ3emM2rnY5agb9rXp"
                                "VGyy3bdW6EEgAtqt",
                                "xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM"
                                "8Dq38EGfSh6dqA9QWTyefMLEcBYJU"
                                "uekgW4BYPJcr9E7j"},
                               // Leading zeros of keys are kept.
                               {kSeed3, "0h",
                                "xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhT"
                                "HBaohPX4CjNLf9fq9MYo6oDaPPLPx"
                                "Sb7gwQN3ih19Zm4Y",
                                "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPr"
                                "S7AANYqdq6vcBcBUdJCVVFceUvJFj"
                                "aPdGZ2y9WACViL4L"}};

TEST(HdKeyTest, derive_bip32_vectors) {
    for (const Vector& vector : kVectors) {
        const auto master = HdPrivateKey::from_seed(*from_hex(vector.seed));
        ASSERT_TRUE(master);
        const auto key = master->derive(*parse_key_path(vector.path));
        ASSERT_TRUE(key);
        EXPECT_EQ(key->to_base58(kSecretVersion), vector.xprv);
        EXPECT_EQ(key->neuter().to_base58(kPublicVersion), vector.xpub);
        EXPECT_EQ(*HdPrivateKey::from_base58(vector.xprv, kSecretVersion), *key);
        EXPECT_EQ(*HdPublicKey::from_base58(vector.xpub, kPublicVersion), key->neuter());
    }
}

TEST(HdKeyTest, derive_public_and_private_agree) {
    const auto account =
        HdPrivateKey::from_seed(*from_hex(kSeed1))->derive(*parse_key_path("84h/1h/0h"));
    for (const uint32_t step : {0u, 1u, 77u, 0x7fffffffu}) {
        EXPECT_EQ(account->neuter().derive(step), account->derive(step)->neuter());
    }
    EXPECT_FALSE(account->neuter().derive(kHardened));
}

TEST(HdKeyTest, from_base58_bip32_invalid_keys_are_refused) {
    // Test vector 5.
    for (const std::string_view text : {"xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zg"
                                        "tU6LBpB85b3D2yc8sfvZU521AAwdZafEz7m"
                                        "nzBBsz4wKY5fTtTQBm",
                                        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zg"
                                        "tU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMG"
                                        "cAUjeuwZdduYEvFn",
                                        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zg"
                                        "tU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4"
                                        "HS2fxvyYUA4q2Xe4",
                                        "xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT9"
                                        "1XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj"
                                        "6znwMfQkhRYHRLpJ"}) {
        EXPECT_FALSE(HdPublicKey::from_base58(text, kPublicVersion)) << text;
    }
    for (const std::string_view text : {"xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oSt"
                                        "ZzFGpWnsj83BHtEy5Zt8CcDr1UiRXuWCmTQ"
                                        "LxEK9vbz5gPstX92JQ",
                                        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oSt"
                                        "ZzFAzHGBP2UuGCqWLTAPLcMtD9y5gkZ6Eq3Rj"
                                        "uahrv17fEQ3Qen6J",
                                        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oSt"
                                        "ZzF93Y5wvzdUayhgkkFoicQZcP3y52uPPxFnf"
                                        "oLZB21Teqt1VvEHx",
                                        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oSt"
                                        "ZzFAzHGBP2UuGCqWLTAPLcMtD5SDKr24z3aiU"
                                        "vKr9bJpdrcLg1y3G",
                                        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqj"
                                        "iChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRB"
                                        "eJgk33yuGBxrMPHL"}) {
        EXPECT_FALSE(HdPrivateKey::from_base58(text, kSecretVersion)) << text;
    }
    EXPECT_FALSE(HdPublicKey::from_base58(kVectors[0].xprv, kPublicVersion));
    EXPECT_FALSE(HdPrivateKey::from_base58(kVectors[0].xprv, HdVersion{4, 0x35, 0x83, 0x94}));
}

TEST(HdKeyTest, from_seed_takes_16_to_64_bytes) {
    EXPECT_FALSE(HdPrivateKey::from_seed(Bytes(15, 1)));
    EXPECT_TRUE(HdPrivateKey::from_seed(Bytes(16, 1)));
    EXPECT_TRUE(HdPrivateKey::from_seed(Bytes(64, 1)));
    EXPECT_FALSE(HdPrivateKey::from_seed(Bytes(65, 1)));
}

TEST(KeyPathTest, parse_both_marks_and_print_one) {
    const auto path = parse_key_path("84h/1'/0/2147483647h");
    ASSERT_TRUE(path);
    EXPECT_EQ(*path, (KeyPath{84 | kHardened, 1 | kHardened, 0, 0xffffffff}));
    EXPECT_EQ(to_string(*path), "84h/1h/0/2147483647h");
    EXPECT_TRUE(parse_key_path("")->empty());
}

TEST(KeyPathTest, parse_malformed_is_refused) {
    for (const std::string_view text :
         {"/", "0/", "/0", "x", "0hh", "-1", "2147483648", "0 ", "+1", "h", "0//1", "*"}) {
        EXPECT_FALSE(parse_key_path(text)) << text;
    }
    std::string deep = "0";
    for (int i = 0; i < 254; ++i) deep += "/0";
    EXPECT_TRUE(parse_key_path(deep));
    EXPECT_FALSE(parse_key_path(deep + "/0"));
}

}  // namespace
}  // namespace parley
