#include "chain/descriptor_checksum.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(DescriptorChecksum, bip380Examples_match) {
    EXPECT_EQ(descriptor_checksum("raw(deadbeef)"), "89f8spxm");
    EXPECT_EQ(
        descriptor_checksum(
            "sh(multi(2,[00000000/111'/"
            "222]xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMMrj4xJXXWYpDPS3"
            "xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc,xprv9uPDJpEQgRQfDcW7BkF7eTya6RP"
            "xXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L/0))"),
        "ggrsrxfy");
}

TEST(DescriptorChecksum, everyChange_isNoticed) {
    const std::string body =
        "wpkh(02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9)";
    const auto checksum = descriptor_checksum(body);
    for (size_t i = 0; i < body.size(); ++i) {
        std::string changed = body;
        changed[i] = changed[i] == '0' ? '1' : '0';
        EXPECT_NE(descriptor_checksum(changed), checksum) << i;
    }
}

TEST(DescriptorChecksum, foreignCharacter_hasNone) {
    EXPECT_EQ(descriptor_checksum("raw(\n)"), std::nullopt);
    EXPECT_EQ(descriptor_checksum("raw(\xc3\xa9)"), std::nullopt);
    EXPECT_TRUE(descriptor_checksum("").has_value());
}

}  // namespace
}  // namespace parley
