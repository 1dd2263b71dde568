#include "net/wire/ip_address.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "net/wire/endpoint.h"

namespace parley {
namespace {

TEST(IpAddress, text_forms_parse_and_print_canonically) {
    const std::pair<const char*, const char*> cases[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},  // RFC 5952, section 4.2.3
        {"2001:DB8::00A1", "2001:db8::a1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one zero group stays
        {"::ffff:1.2.3.4", "1.2.3.4"},
        {"::1.2.3.4", "::102:304"},
    };
    for (const auto& [text, expected] : cases) {
        const auto ip = IpAddress::parse(text);
        ASSERT_TRUE(ip.has_value()) << text;
        EXPECT_EQ(ip->to_string(), expected) << text;
    }
}

TEST(IpAddress, bad_texts_are_refused) {
    for (const char* text : {"",
                             "1.2.3",
                             "1.2.3.4.5",
                             "256.1.1.1",
                             "01.2.3.4",
                             "1.2.3.-4",
                             "a.b.c.d",
                             ":",
                             ":::",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "1::2::3",
                             "12345::",
                             "g::",
                             "1.2.3.4:80",
                             "::1%lo",
                             "1:",
                             ":1:2:3:4:5:6:7",
                             "::1.2.3",
                             "1.2.3.4::",
                             "localhost"})
        EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
}

RC_GTEST_PROP(IpAddress, printed_address_parses_to_itself, (std::array<uint8_t, 16> bytes)) {
    const IpAddress ip{bytes};
    RC_ASSERT(IpAddress::parse(ip.to_string()) == ip);
}

TEST(IpAddress, only_public_ranges_are_routable) {
    for (const char* text : {"8.8.8.8", "1.1.1.1", "172.32.0.1", "2600::1", "2a00:1450::1",
                             "2002::1", "2001::1", "1233:3432::1"})
        EXPECT_TRUE(IpAddress::parse(text)->is_routable()) << text;
    for (const char* text :
         {"0.1.2.3",         "10.0.0.1",    "127.0.0.1",    "169.254.1.1", "172.16.0.1",
          "172.31.255.255",  "192.168.1.1", "198.51.100.7", "203.0.113.9", "224.0.0.1",
          "255.255.255.255", "::",          "::1",          "fe80::1",     "fc00::1",
          "fdff::1",         "ff02::1",     "2001:db8::1",  "2001:10::1",  "2001:2f::1",
          "100.64.0.1"})
        EXPECT_FALSE(IpAddress::parse(text)->is_routable()) << text;
}

TEST(IpAddress, only_private_ranges_are_local) {
    for (const char* text :
         {"0.0.0.0", "10.0.0.1", "127.3.2.1", "169.254.1.1", "172.31.255.255", "192.168.1.1",
          "::", "::1", "fe80::1", "febf::1", "fc00::1", "fdff::1"})
        EXPECT_TRUE(IpAddress::parse(text)->is_local()) << text;
    for (const char* text : {"8.8.8.8", "172.32.0.1", "100.64.0.1", "198.18.0.1", "203.0.113.1",
                             "224.0.0.1", "255.255.255.255", "2a01::1", "fec0::1", "ff02::1",
                             "64:ff9b::7f00:1", "2002:7f00:1::1", "::7f00:1"})
        EXPECT_FALSE(IpAddress::parse(text)->is_local()) << text;
}

TEST(Endpoint, parse_forms) {
    EXPECT_EQ(parse_endpoint("host", 18444), (Endpoint{"host", 18444}));
    EXPECT_EQ(parse_endpoint("host:1", 18444), (Endpoint{"host", 1}));
    EXPECT_EQ(parse_endpoint("name.i2p:5", 18444), (Endpoint{"name.i2p", 0}));
    EXPECT_EQ(parse_endpoint("127.0.0.1:65535", 1), (Endpoint{"127.0.0.1", 65535}));
    EXPECT_EQ(parse_endpoint("::1", 18444), (Endpoint{"::1", 18444}));
    EXPECT_EQ(parse_endpoint("[::1]", 18444), (Endpoint{"::1", 18444}));
    EXPECT_EQ(parse_endpoint("[::1]:7", 18444), (Endpoint{"::1", 7}));
    for (const char* text : {"", ":1", "host:", "host:0", "host:65536", "host:1x", "[::1", "[]:1",
                             "[::1]7", "a b", "host:-1"})
        EXPECT_FALSE(parse_endpoint(text, 1).has_value()) << text;
    EXPECT_FALSE(parse_endpoint(std::string(256, 'a'), 1).has_value());
}

}  // namespace
}  // namespace parley
