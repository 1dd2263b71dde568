#include "node/daemon/network/socks5.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

const Endpoint kTarget{"node.example", 8333};
const Socks5Credentials kCredentials{"user", "secret"};

Bytes bytes_of(std::string_view text) {
    return to_bytes(as_bytes(text));
}

// Nothing is to be sent.
void expect_silence(Socks5Handshake& handshake, ByteSpan input) {
    const auto answer = handshake.receive(input);
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_TRUE(answer->empty());
}

std::string request_of(const Endpoint& target) {
    Socks5Handshake handshake(target, std::nullopt);
    return to_hex(*handshake.receive(*from_hex("0500")));
}

TEST(Socks5, without_credentials_only_the_open_method_is_offered) {
    Socks5Handshake handshake(kTarget, std::nullopt);
    EXPECT_EQ(to_hex(handshake.greeting()), "050100");
    EXPECT_EQ(handshake.wanted(), 2u);
    const auto request = handshake.receive(*from_hex("0500"));
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(to_hex(*request), "050100030c" + to_hex(bytes_of("node.example")) + "208d");
    EXPECT_EQ(handshake.wanted(), 4u);
    expect_silence(handshake, *from_hex("05000001"));
    EXPECT_EQ(handshake.wanted(), 6u);
    expect_silence(handshake, *from_hex("7f0000012382"));
    EXPECT_EQ(handshake.wanted(), 0u);
}

TEST(Socks5, credentials_are_given_only_if_the_proxy_asks) {
    Socks5Handshake open(kTarget, kCredentials);
    EXPECT_EQ(to_hex(open.greeting()), "05020002");
    EXPECT_EQ(to_hex(*open.receive(*from_hex("0500"))).substr(0, 10), "050100030c");

    Socks5Handshake closed(kTarget, kCredentials);
    EXPECT_EQ(to_hex(*closed.receive(*from_hex("0502"))),
              "0104" + to_hex(bytes_of("user")) + "06" + to_hex(bytes_of("secret")));
    EXPECT_EQ(to_hex(*closed.receive(*from_hex("0100"))).substr(0, 10), "050100030c");

    for (const char* refusal : {"0101", "01ff", "0000", "0500"}) {
        Socks5Handshake refused(kTarget, kCredentials);
        ASSERT_TRUE(refused.receive(*from_hex("0502")).has_value());
        EXPECT_FALSE(refused.receive(*from_hex(refusal)).has_value()) << refusal;
    }
}

TEST(Socks5, every_fragment_and_every_type_of_address_is_taken) {
    const std::string name(255, 'n');
    for (const std::string& bound : {std::string("01"
                                                 "7f000001"),
                                     std::string("04"
                                                 "00000000000000000000000000000001"),
                                     "03ff" + to_hex(bytes_of(name)), std::string("0300")}) {
        const Bytes reply = *from_hex("050000" + bound + "2382");
        Socks5Handshake handshake(kTarget, std::nullopt);
        ASSERT_TRUE(handshake.receive(*from_hex("0500")).has_value());
        for (size_t i = 0; i < reply.size(); ++i) {
            ASSERT_GT(handshake.wanted(), 0u) << i;
            ASSERT_LE(handshake.wanted(), reply.size() - i) << "a byte of the peer was asked for";
            expect_silence(handshake, ByteSpan{reply}.subspan(i, 1));
        }
        EXPECT_EQ(handshake.wanted(), 0u) << bound;
    }
}

TEST(Socks5, names_have_up_to_255_bytes) {
    const std::string longest(255, 'x');
    EXPECT_EQ(request_of({longest, 1}), "05010003ff" + to_hex(bytes_of(longest)) + "0001");
    EXPECT_EQ(request_of({"1.2.3.4", 65535}), "0501000307" + to_hex(bytes_of("1.2.3.4")) + "ffff");
    EXPECT_EQ(request_of({"2a01::1", 8333}), "0501000307" + to_hex(bytes_of("2a01::1")) + "208d");
}

TEST(Socks5, wrong_versions_and_methods_are_named) {
    const std::pair<const char*, const char*> cases[] = {
        {"0400", "does not speak SOCKS5 (it answered 0x04)"},
        {"4854", "does not speak SOCKS5 (it answered 0x48)"},  // "HT", of HTTP
        {"0502", "method 0x02, which was not offered"},
        {"0501", "method 0x01, which was not offered"},
        {"05ff", "none of the ways"},
    };
    for (const auto& [answer, reason] : cases) {
        Socks5Handshake handshake(kTarget, std::nullopt);
        const auto result = handshake.receive(*from_hex(answer));
        ASSERT_FALSE(result.has_value()) << answer;
        EXPECT_NE(result.error().find(reason), std::string::npos) << result.error();
    }
}

TEST(Socks5, every_refusal_has_its_words) {
    const std::pair<uint8_t, const char*> cases[] = {
        {0x01, "general failure"},
        {0x02, "connection not allowed"},
        {0x03, "network unreachable"},
        {0x04, "host unreachable"},
        {0x05, "connection refused"},
        {0x06, "TTL expired"},
        {0x07, "command not supported"},
        {0x08, "address type not supported"},
        {0x09, "unknown (0x09)"},
        {0xf0, "onion service descriptor can not be found"},
        {0xf1, "onion service descriptor is invalid"},
        {0xf2, "onion service introduction failed"},
        {0xf3, "onion service rendezvous failed"},
        {0xf4, "onion service missing client authorization"},
        {0xf5, "onion service wrong client authorization"},
        {0xf6, "onion service invalid address"},
        {0xf7, "onion service introduction timed out"},
        {0xff, "unknown (0xff)"},
    };
    for (const auto& [code, words] : cases) {
        Socks5Handshake handshake(kTarget, std::nullopt);
        ASSERT_TRUE(handshake.receive(*from_hex("0500")).has_value());
        const auto result = handshake.receive(Bytes{5, code, 0, 1});
        ASSERT_FALSE(result.has_value()) << words;
        EXPECT_EQ(result.error(), words);
    }
    for (const char* malformed : {"04000001", "05000101", "05000002", "05000000"}) {
        Socks5Handshake handshake(kTarget, std::nullopt);
        ASSERT_TRUE(handshake.receive(*from_hex("0500")).has_value());
        EXPECT_FALSE(handshake.receive(*from_hex(malformed)).has_value()) << malformed;
    }
}

}  // namespace
}  // namespace parley
