#include "net/wire/host_address.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "net/wire/messages.h"

namespace parley {
namespace {

constexpr const char* kOnionName = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";
constexpr const char* kOnionKey =
    "79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f";
constexpr const char* kI2p = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p";

TEST(HostAddress, names_of_onion_services_have_a_checksum) {
    const auto host = HostAddress::parse(kOnionName, false);
    ASSERT_TRUE(host.has_value());
    EXPECT_EQ(host->network(), Network::onion);
    EXPECT_EQ(to_hex(host->bytes()), kOnionKey);
    EXPECT_EQ(host->to_string(), kOnionName);
    EXPECT_TRUE(host->is_routable());
    EXPECT_FALSE(host->ip().has_value());
    std::string capitals = kOnionName;
    for (char& c : capitals) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(HostAddress::parse(capitals, false), host);
    for (size_t i = 0; i < 56; ++i) {
        std::string wrong = kOnionName;
        wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
        EXPECT_FALSE(HostAddress::parse(wrong, false).has_value()) << i;
    }
    for (const char* text :
         {"onion", ".onion", "a.onion", "6hzph5hv6337r6p2.onion",
          "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscry.onion",
          "apg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion",
          "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscry1.onion", "example.org", ""})
        EXPECT_FALSE(HostAddress::parse(text, false).has_value()) << text;
}

TEST(HostAddress, names_of_i2p_destinations) {
    const auto host = HostAddress::parse(kI2p, false);
    ASSERT_TRUE(host.has_value());
    EXPECT_EQ(host->network(), Network::i2p);
    EXPECT_EQ(host->to_string(), kI2p);
    EXPECT_EQ(to_hex(host->bytes()),
              "a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87");
    for (const char* text : {"name.i2p", ".b32.i2p", "a.b32.i2p",
                             "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkd.b32.i2p",
                             "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdr.b32.i2p"})
        EXPECT_FALSE(HostAddress::parse(text, false).has_value()) << text;
}

TEST(HostAddress, cjdns_is_a_network_only_where_it_can_be_reached) {
    const auto apart = HostAddress::parse("fc00:1:2:3:4:5:6:7", false);
    const auto reachable = HostAddress::parse("fc00:1:2:3:4:5:6:7", true);
    ASSERT_TRUE(apart && reachable);
    EXPECT_NE(apart, reachable);
    EXPECT_EQ(apart->network(), Network::ipv6);
    EXPECT_FALSE(apart->is_routable());
    EXPECT_EQ(reachable->network(), Network::cjdns);
    EXPECT_TRUE(reachable->is_routable());
    EXPECT_EQ(reachable->to_string(), "fc00:1:2:3:4:5:6:7");
    EXPECT_EQ(HostAddress::parse("fd00::1", true)->network(), Network::ipv6);
}

TEST(HostAddress, groups_start_with_the_class_of_the_network) {
    const std::pair<const char*, const char*> cases[] = {
        {"1.2.3.4", "010102"},
        {"2a01:4f8:1::1", "022a0104f8"},
        {"2001:470:abcd::1", "0220010470af"},
        {kOnionName, "037f"},
        {kI2p, "04af"},
        {"fc12:3456::", "05fc1f"},
    };
    for (const auto& [text, group] : cases)
        EXPECT_EQ(to_hex(HostAddress::parse(text, true)->group()), group) << text;
}

std::optional<HostAddress> read(const std::string& hex, bool& ok) {
    const Bytes bytes = *from_hex(hex);
    Reader reader(bytes);
    auto host = read_host_v2(reader);
    ok = reader.ok() && reader.done();
    return host;
}

TEST(HostAddress, wire_form_of_every_network) {
    const std::string key(kOnionKey);
    const std::pair<std::string, std::string> cases[] = {
        {"010401020304", "1.2.3.4"},
        {"02102a010000000000000000000000000001", "2a01::1"},
        {"0420" + key, kOnionName},
        {"0520a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87", kI2p},
        {"0610fc000001000200030004000500060007", "fc00:1:2:3:4:5:6:7"},
    };
    for (const auto& [hex, text] : cases) {
        bool ok = false;
        const auto host = read(hex, ok);
        ASSERT_TRUE(ok && host) << text;
        EXPECT_EQ(host->to_string(), text);
        Writer writer;
        write_host_v2(writer, *host);
        EXPECT_EQ(to_hex(writer.data()), hex);
    }
    // Skipped: the old onion services, networks of the future, addresses outside their network.
    for (const std::string hex :
         {"030a00112233445566778899", "2a03010203", "0610fd000000000000000000000000000001",
          "021000000000000000000000ffff01020304"}) {
        bool ok = false;
        EXPECT_FALSE(read(hex, ok).has_value()) << hex;
        EXPECT_TRUE(ok) << hex;
    }
    for (const char* hex : {"010501020304ff", "0210ff", "041f", "0521", "0604fc000001"}) {
        bool ok = true;
        EXPECT_FALSE(read(hex, ok).has_value()) << hex;
        EXPECT_FALSE(ok) << hex;
    }
}

TEST(HostAddress, older_messages_have_no_room_for_keys) {
    message::Addr addr;
    addr.entries.push_back({1, {9, *HostAddress::parse(kOnionName, false), 8333}});
    Writer writer;
    addr.write(writer);
    Reader reader(writer.data());
    EXPECT_EQ(message::Addr::read(reader).entries.at(0).address.host.to_string(), "::");
}

RC_GTEST_PROP(HostAddress, printed_keys_parse_to_themselves, (std::array<uint8_t, 32> key)) {
    for (const HostAddress& host : {HostAddress::onion(key), HostAddress::i2p(key)})
        RC_ASSERT(HostAddress::parse(host.to_string(), false) == host);
}

}  // namespace
}  // namespace parley
