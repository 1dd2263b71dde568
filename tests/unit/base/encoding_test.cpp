#include "base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include "base/crypto/sha256.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

constexpr size_t kPlenty = 1000;

TEST(Base58Test, published_pairs_match_both_ways) {
    const std::pair<const char*, const char*> pairs[] = {
        {"", ""},
        {"61", "2g"},
        {"626262", "a3gV"},
        {"636363", "aPEr"},
        {"73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"},
        {"00eb15231dfceb60925886b67d065299925915aeb172c06647",
         "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"},
        {"516b6fcd0f", "ABnLTmg"},
        {"bf4f89001e670274dd", "3SEo3LWLoPntC"},
        {"ecac89cad93923c02321", "EJDM8drfXA6uyA"},
        {"00000000000000000000", "1111111111"},
    };
    for (const auto& [bytes, text] : pairs) {
        EXPECT_EQ(base58_encode(*from_hex(bytes)), text);
        EXPECT_EQ(base58_decode(text, kPlenty), from_hex(bytes)) << text;
    }
}

TEST(Base58Vectors, all_match) {
    const auto text = read_vectors("base58_encode_decode.json");
    if (!text) GTEST_SKIP() << "base58_encode_decode.json not found: 7 cases left out";
    simdjson::dom::parser parser;
    int cases = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        if (row.get_array().size() < 2) continue;
        const auto bytes = from_hex(row.at(0).get_string().value());
        const std::string encoded{row.at(1).get_string().value()};
        ASSERT_TRUE(bytes.has_value());
        EXPECT_EQ(base58_encode(*bytes), encoded);
        EXPECT_EQ(base58_decode(encoded, bytes->size()), bytes) << encoded;
        ++cases;
    }
    expect_cases("base58_encode_decode.json", cases, 7);
}

RC_GTEST_PROP(Base58Test, any_bytes_come_back, (const Bytes& bytes)) {
    RC_ASSERT(base58_decode(base58_encode(bytes), bytes.size()) == bytes);
    RC_ASSERT(base58check_decode(base58check_encode(bytes), bytes.size()) == bytes);
    if (!bytes.empty()) {
        RC_ASSERT(!base58_decode(base58_encode(bytes), bytes.size() - 1));
        RC_ASSERT(!base58check_decode(base58check_encode(bytes), bytes.size() - 1));
    }
}

TEST(Base58Test, characters_outside_the_alphabet_are_refused) {
    for (const char* text : {"0", "O", "I", "l", "2g ", " 2g", "2\xff", "a-b", "11+"}) {
        EXPECT_FALSE(base58_decode(text, kPlenty)) << text;
    }
    EXPECT_FALSE(base58_decode(std::string_view{"2g\0", 3}, kPlenty));
}

TEST(Base58Test, long_texts_stop_at_the_limit) {
    EXPECT_FALSE(base58_decode(std::string(10'000'000, 'z'), 100));
    EXPECT_FALSE(base58_decode(std::string(10'000'000, '1'), 100));
    EXPECT_EQ(base58_decode("1111", 4), Bytes(4, 0));
    EXPECT_FALSE(base58_decode("1111", 3));
}

TEST(Base58CheckTest, genesis_address_matches) {
    const auto payload = from_hex("0062e907b15cbf27d5425399ebf6f0fb50ebb88f18");
    EXPECT_EQ(base58check_encode(*payload), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa");
    EXPECT_EQ(base58check_decode("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", 21), payload);
}

TEST(Base58CheckTest, every_changed_character_is_noticed) {
    const std::string good = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
    for (size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = bad[i] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(base58check_decode(bad, kPlenty)) << bad;
    }
    EXPECT_FALSE(base58check_decode("", kPlenty));
    EXPECT_FALSE(base58check_decode("2g", kPlenty)) << "too short for a checksum";
    EXPECT_EQ(base58check_decode("3QJmnh", kPlenty), Bytes{}) << "the checksum of nothing";
}

const std::string kLongestOf32 = "11" + std::string(82, 'q') + "c8247j";
const std::string kLongestOf32m = "11" + std::string(82, 'l') + "ludsr8";

void expect_valid(const std::string& text, Bech32Variant variant) {
    const auto decoded = bech32_decode(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(decoded->variant, variant) << text;
    std::string lower = text;
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    EXPECT_EQ(bech32_encode(*decoded), lower);
    EXPECT_EQ(decoded->prefix, lower.substr(0, lower.rfind('1')));
    // One changed character of the data part is always noticed.
    for (size_t i = text.rfind('1') + 1; i < text.size(); ++i) {
        std::string bad = lower;
        bad[i] = bad[i] == 'q' ? 'p' : 'q';
        EXPECT_FALSE(bech32_decode(bad)) << bad;
    }
}

TEST(Bech32Test, valid_strings_of_bip173_decode_and_encode) {
    for (const std::string& text :
         {std::string{"A12UEL5L"}, std::string{"a12uel5l"},
          std::string{"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharac"
                      "tersbio1tt5tgs"},
          std::string{"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"}, kLongestOf32,
          std::string{"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"},
          std::string{"?1ezyfcl"}}) {
        expect_valid(text, Bech32Variant::bech32);
    }
}

TEST(Bech32Test, valid_strings_of_bip350_decode_and_encode) {
    for (const std::string& text :
         {std::string{"A1LQFN3A"}, std::string{"a1lqfn3a"},
          std::string{"an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioand"
                      "number11sg7hg6"},
          std::string{"abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx"}, kLongestOf32m,
          std::string{"split1checkupstagehandshakeupstreamerranterredcaperredlc445v"},
          std::string{"?1v759aa"}}) {
        expect_valid(text, Bech32Variant::bech32m);
    }
}

TEST(Bech32Test, values_count_up_in_the_alphabet_of_the_published_string) {
    const auto decoded = bech32_decode("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
    ASSERT_TRUE(decoded);
    ASSERT_EQ(decoded->values.size(), 32u);
    for (uint8_t i = 0; i < 32; ++i) EXPECT_EQ(decoded->values[i], i);
}

TEST(Bech32Test, invalid_strings_of_both_proposals_are_refused) {
    for (const char* text : {"\x20"
                             "1nwldj5",
                             "\x7f"
                             "1axkwrx",
                             "\x80"
                             "1eym55h",
                             "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexclud"
                             "edcharactersbio1569pvx",
                             "pzry9x0s0muk",
                             "1pzry9x0s0muk",
                             "x1b4n0q5v",
                             "li1dgmt3",
                             "de1lg7wt\xff",
                             "A1G7SGD8",
                             "10a06t8",
                             "1qzzfhee",
                             "\x20"
                             "1xj0phk",
                             "\x7f"
                             "1g6xzxy",
                             "\x80"
                             "1vctc34",
                             "an84characterslonghumanreadablepartthatcontainsthetheexcludedcharacte"
                             "rsbioandnumber11d6pts4",
                             "qyrz8wqd2c9m",
                             "1qyrz8wqd2c9m",
                             "y1b0jsk6g",
                             "lt1igcx5c0",
                             "in1muywd",
                             "mm1crxm3i",
                             "au1s5cgom",
                             "M1VUXWEZ",
                             "16plkw9",
                             "1p2gdwpf",
                             "",
                             "1",
                             "a12UEL5L",
                             "A12uEL5L"}) {
        EXPECT_FALSE(bech32_decode(text)) << text;
    }
}

TEST(Bech32Test, segwit_addresses_hold_their_programs) {
    struct Case {
        const char* address;
        Bech32Variant variant;
        uint8_t version;
        const char* program;
    };
    for (const auto& [address, variant, version, program] : {
             Case{"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", Bech32Variant::bech32, 0,
                  "751e76e8199196d454941c45d1b3a323f1433bd6"},
             Case{"tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
                  Bech32Variant::bech32, 0,
                  "1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262"},
             Case{"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                  Bech32Variant::bech32m, 1,
                  "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"},
         }) {
        const auto decoded = bech32_decode(address);
        ASSERT_TRUE(decoded) << address;
        EXPECT_EQ(decoded->variant, variant);
        EXPECT_EQ(decoded->values.front(), version);
        EXPECT_EQ(convert_bits(ByteSpan{decoded->values}.subspan(1), 5, 8, false),
                  from_hex(program));
    }
}

using Bech32DeathTest = testing::Test;

TEST(Bech32DeathTest, encoding_values_above_31_or_upper_case_is_refused) {
    EXPECT_DEATH((void)bech32_encode({Bech32Variant::bech32, "bc", {32}}), "CHECK");
    EXPECT_DEATH((void)bech32_encode({Bech32Variant::bech32, "BC", {1}}), "CHECK");
    EXPECT_DEATH((void)bech32_encode({Bech32Variant::bech32, "", {1}}), "CHECK");
}

TEST(ConvertBitsTest, padding_rules_hold) {
    EXPECT_EQ(convert_bits(Bytes{0xff}, 8, 5, true), (Bytes{31, 28}));
    EXPECT_EQ(convert_bits(Bytes{31, 28}, 5, 8, false), Bytes{0xff});
    EXPECT_FALSE(convert_bits(Bytes{31, 29}, 5, 8, false)) << "padding is not zero";
    EXPECT_FALSE(convert_bits(Bytes{31, 28, 0}, 5, 8, false)) << "seven bits of padding";
    EXPECT_FALSE(convert_bits(Bytes{32}, 5, 8, true)) << "no five-bit value";
    EXPECT_FALSE(convert_bits(Bytes{0xff}, 8, 5, false)) << "bits left over";
    EXPECT_EQ(convert_bits({}, 8, 5, false), Bytes{});
    EXPECT_EQ(convert_bits({}, 8, 5, true), Bytes{});
}

RC_GTEST_PROP(ConvertBitsTest, any_bytes_come_back, (const Bytes& bytes)) {
    const auto groups = convert_bits(bytes, 8, 5, true);
    RC_ASSERT(groups.has_value());
    RC_ASSERT(groups->size() == (bytes.size() * 8 + 4) / 5);
    RC_ASSERT(convert_bits(*groups, 5, 8, false) == bytes);
}

TEST(Base64Test, rfc4648_vectors_match_both_ways) {
    const std::pair<const char*, const char*> pairs[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : pairs) {
        EXPECT_EQ(base64_encode(as_bytes(plain)), text);
        EXPECT_EQ(base64_decode(text), to_bytes(as_bytes(plain)));
    }
    EXPECT_EQ(base64_encode(Bytes{0xfb, 0xff}), "+/8=");
}

TEST(Base64Test, other_lengths_characters_and_padding_are_refused) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Zh==", "Zm9=", "Z===",
                             "Zg==Zg==", "Zm 9", "Zm9v\n", "-_8=", "Z=g=", "AAAA===="}) {
        EXPECT_FALSE(base64_decode(text)) << text;
    }
}

RC_GTEST_PROP(Base64Test, any_bytes_come_back, (const Bytes& bytes)) {
    RC_ASSERT(base64_decode(base64_encode(bytes)) == bytes);
}

}  // namespace
}  // namespace parley
