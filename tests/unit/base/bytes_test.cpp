#include "base/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>

#include "base/hash256.h"

namespace parley {
namespace {

TEST(HexTest, digits_are_lower_case_and_in_the_order_of_the_bytes) {
    EXPECT_EQ(to_hex({}), "");
    EXPECT_EQ(to_hex(Bytes{0x00, 0x0f, 0xf0, 0xab, 0xff}), "000ff0abff");
}

TEST(HexTest, both_cases_are_read) {
    EXPECT_EQ(from_hex("aBcDeF09"), (Bytes{0xab, 0xcd, 0xef, 0x09}));
    EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(HexTest, odd_length_and_other_characters_are_refused) {
    // The neighbours of the digits in ASCII among them.
    for (const char* text : {"0", "000", "0g", "g0", "0G", "0/", "0:", "0@", "0`", " 00", "0x",
                             "0x00", "-1", "\xff\xff"}) {
        EXPECT_FALSE(from_hex(text)) << text;
    }
    EXPECT_FALSE(from_hex(std::string_view{"0\0", 2}));
}

RC_GTEST_PROP(HexTest, any_bytes_come_back, (const Bytes& bytes)) {
    RC_ASSERT(from_hex(to_hex(bytes)) == bytes);
}

TEST(BytesTest, views_of_text_and_bytes_share_their_storage) {
    const std::string text = "abc";
    EXPECT_EQ(as_text(as_bytes(text)), text);
    EXPECT_EQ(static_cast<const void*>(as_bytes(text).data()), text.data());
    Bytes target{1};
    append(target, Bytes{2, 3});
    append(target, {});
    EXPECT_EQ(target, (Bytes{1, 2, 3}));
}

constexpr const char* kGenesis = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

TEST(Hash256Test, text_form_is_reversed) {
    const auto hash = Hash256::from_string(kGenesis);
    ASSERT_TRUE(hash);
    EXPECT_EQ(hash->bytes().front(), 0x6f);
    EXPECT_EQ(hash->bytes().back(), 0x00);
    EXPECT_EQ(hash->to_string(), kGenesis);
    EXPECT_EQ(hash->low64(), 0x72b3f1b60a8ce26fu);
}

TEST(Hash256Test, text_of_another_length_or_alphabet_is_refused) {
    const std::string good = kGenesis;
    EXPECT_FALSE(Hash256::from_string(good.substr(1)));
    EXPECT_FALSE(Hash256::from_string(good.substr(2)));
    EXPECT_FALSE(Hash256::from_string(good + "0"));
    EXPECT_FALSE(Hash256::from_string(good + "00"));
    EXPECT_FALSE(Hash256::from_string("0x" + good.substr(2)));
    EXPECT_FALSE(Hash256::from_string(""));
}

TEST(Hash256Test, zero_is_the_default_and_order_is_that_of_the_bytes) {
    EXPECT_TRUE(Hash256{}.is_zero());
    Hash256 first_byte, last_byte;
    first_byte.bytes().front() = 1;
    last_byte.bytes().back() = 0xff;
    EXPECT_FALSE(last_byte.is_zero());
    EXPECT_LT(Hash256{}, last_byte);
    EXPECT_LT(last_byte, first_byte)
        << "the first byte decides, although the last is the more significant one";
}

TEST(Hash256DeathTest, other_sizes_are_refused) {
    EXPECT_DEATH((void)Hash256::from_bytes(Bytes(31)), "CHECK");
    EXPECT_DEATH((void)Hash256::from_bytes(Bytes(33)), "CHECK");
}

TEST(TaggedHashTest, tags_make_different_types_of_the_same_bytes) {
    using First = TaggedHash<struct FirstTag>;
    using Second = TaggedHash<struct SecondTag>;
    static_assert(!std::is_convertible_v<First, Second>);
    static_assert(!std::is_convertible_v<Hash256, First>);
    const auto hash = First::from_string(kGenesis);
    ASSERT_TRUE(hash);
    EXPECT_EQ(hash->to_string(), kGenesis);
    EXPECT_EQ(std::hash<First>{}(*hash), std::hash<Hash256>{}(*hash));
    EXPECT_FALSE(First::from_string("00"));
    EXPECT_EQ(First::from_bytes(hash->span()), *hash);
}

}  // namespace
}  // namespace parley
