#include "wallet/descriptor/descriptor_checksum.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(DescriptorChecksum, publishedExamples_match) {
    EXPECT_EQ(descriptor_checksum("raw(deadbeef)"), "89f8spxm");  // BIP380
    EXPECT_EQ(
        descriptor_checksum("wpkh([d34db33f/84h/0h/0h]"
                            "xpub6DJ2dNUysrn5Vt36jH2KLBT2i1auw1tTSSomg8PhqNiUtx8QX2SvC9nrHu81f"
                            "T41fvDUnhMjEzQgXnQjKEu3oaqMSzhSrHMxyyoEAmUHQbY/0/*)"),
        "cjjspncu");  // Bitcoin Core's documentation of descriptors
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
