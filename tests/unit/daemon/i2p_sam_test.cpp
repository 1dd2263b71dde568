#include "node/daemon/network/i2p_sam.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(SamReply, values_and_quotes) {
    const SamReply hello = SamReply::parse("HELLO REPLY RESULT=OK VERSION=3.1");
    EXPECT_TRUE(hello.ok());
    EXPECT_EQ(hello.subject, "HELLO REPLY");
    EXPECT_EQ(hello.values.at("VERSION"), "3.1");

    const SamReply refused =
        SamReply::parse(R"(STREAM STATUS RESULT=CANT_REACH_PEER MESSAGE="no lease set" FLAG)");
    EXPECT_FALSE(refused.ok());
    EXPECT_EQ(refused.values.at("FLAG"), "");
    EXPECT_EQ(refused.problem(),
              "the I2P router answered STREAM STATUS CANT_REACH_PEER: no lease set");

    // A destination may end in the padding of Base64.
    EXPECT_EQ(SamReply::parse("NAMING REPLY RESULT=OK VALUE=ab~c==").values.at("VALUE"), "ab~c==");
    EXPECT_EQ(SamReply::parse("HELLO REPLY").problem(),
              "the I2P router answered HELLO REPLY without a result");
    for (const char* text : {"", " ", "=", "a=", "a=\"", "\"", "RESULT=ok", "RESULT OK"})
        EXPECT_FALSE(SamReply::parse(text).ok()) << text;
}

}  // namespace
}  // namespace parley
