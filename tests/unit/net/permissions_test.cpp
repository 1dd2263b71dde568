// -whitelist and -whitebind: their texts, and what the permissions change.
#include "net/peer/permissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain_messages.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

WhitelistRule rule(const std::string& text) {
    auto parsed = WhitelistRule::parse(text);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error());
    return parsed ? *parsed : *WhitelistRule::parse("127.0.0.1");
}

std::string error(const std::string& text) {
    const auto parsed = WhitelistRule::parse(text);
    return parsed ? "" : parsed.error();
}

TEST(Subnet, contains_what_its_mask_says) {
    const auto contains = [](const char* network, const char* address) {
        const auto subnet = Subnet::parse(network);
        EXPECT_TRUE(subnet) << network;
        return subnet && subnet->contains(std::string_view{address});
    };
    EXPECT_TRUE(contains("10.1.2.3", "10.1.2.3"));
    EXPECT_FALSE(contains("10.1.2.3", "10.1.2.4"));
    EXPECT_TRUE(contains("10.1.0.0/16", "10.1.255.1"));
    EXPECT_FALSE(contains("10.1.0.0/16", "10.2.0.0"));
    EXPECT_TRUE(contains("10.1.2.0/255.255.255.0", "10.1.2.9"));
    EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
    EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
    EXPECT_TRUE(contains("::/0", "::1"));
    EXPECT_TRUE(contains("fe80::/10", "fe80::1"));
    EXPECT_FALSE(contains("fe80::/10", "::1"));
    for (const char* wrong :
         {"", "foo", "10.1.2.3/33", "10.1.2.3/::1", "::1/129", "10.1.2/8", "/8", "10.1.2.3/-1",
          "10.1.2.3/255.0.255.0", "10.1.2.3/0.0.0.1", "::1/ffff::ffff", "10.1.2.3/"})
        EXPECT_FALSE(Subnet::parse(wrong)) << wrong;
}

TEST(Subnet, equal_networks_have_one_text) {
    const auto text = [](const char* network) { return Subnet::parse(network)->to_string(); };
    EXPECT_EQ(text("10.1.2.3"), "10.1.2.3/32");
    EXPECT_EQ(text("10.1.2.3/255.255.255.255"), "10.1.2.3/32");
    EXPECT_EQ(text("10.1.2.3/9"), "10.0.0.0/9");
    EXPECT_EQ(text("0.0.0.0/0"), "0.0.0.0/0");
    EXPECT_EQ(text("[::1]"), "::1/128");
    EXPECT_EQ(text("::/0"), "::/0");
    EXPECT_EQ(text("2001:4d48:ac57:400:cacf:e9ff:fe1d:9c63/19"), "2001:4000::/19");
    EXPECT_EQ(*Subnet::parse("10.1.2.3/16"), *Subnet::parse("10.1.0.0/255.255.0.0"));
}

TEST(Permissions, texts_of_whitelist) {
    EXPECT_THAT(rule("noban,mempool@127.0.0.1").permissions.names(),
                ElementsAre("noban", "mempool", "download"));
    EXPECT_THAT(rule("forcerelay@::1").permissions.names(), ElementsAre("forcerelay", "relay"));
    EXPECT_THAT(
        rule("all@1.2.3.0/24").permissions.names(),
        ElementsAre("bloomfilter", "noban", "forcerelay", "relay", "mempool", "download", "addr"));
    EXPECT_THAT(rule("bloom,,addr@1.2.3.4").permissions.names(),
                ElementsAre("bloomfilter", "addr"));
    EXPECT_TRUE(rule("1.2.3.4").implicit);
    const auto none = rule("@1.2.3.4");
    EXPECT_FALSE(none.implicit);
    EXPECT_THAT(none.permissions.names(), IsEmpty());
    EXPECT_TRUE(rule("noban@1.2.3.4").inbound && !rule("noban@1.2.3.4").outbound);
    EXPECT_TRUE(!rule("out,noban@1.2.3.4").inbound && rule("out,noban@1.2.3.4").outbound);
    EXPECT_TRUE(rule("in,out,noban@1.2.3.4").inbound && rule("in,out,noban@1.2.3.4").outbound);
    EXPECT_EQ(error("foo@1.2.3.4"), "Invalid P2P permission: 'foo'");
    EXPECT_EQ(error("in,out@1.2.3.4"), "Only direction was set, no permissions: 'in,out'");
    EXPECT_EQ(error("noban@foo"), "Invalid netmask specified in -whitelist: 'foo'");
    EXPECT_EQ(error("foo"), "Invalid netmask specified in -whitelist: 'foo'");
}

TEST(Permissions, texts_of_whitebind) {
    const auto good = WhitebindRule::parse("noban@127.0.0.1:18555");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->address, (Endpoint{"127.0.0.1", 18555}));
    EXPECT_EQ(WhitebindRule::parse("out,noban@127.0.0.1:1").error(),
              "whitebind may only be used for incoming connections (\"out\" was passed)");
    EXPECT_EQ(WhitebindRule::parse("127.0.0.1").error(),
              "Need to specify a port with -whitebind: '127.0.0.1'");
    EXPECT_EQ(WhitebindRule::parse("a b:1").error(), "Cannot resolve -whitebind address: 'a b:1'");
}

NetOptions whitelisted(const std::string& text) {
    NetOptions options;
    options.whitelist.push_back(rule(text));
    return options;
}

TEST(Permissions, noban_peer_is_neither_punished_nor_refused) {
    Station station(whitelisted("noban@10.0.0.1"));
    const PeerId peer = station.ready_peer();
    const PeerId other = station.ready_peer(true, Station::default_version(), true, "10.0.0.2");
    message::Inv oversize;
    oversize.entries.resize(50'001);
    station.send(peer, oversize);
    station.send(other, oversize);
    EXPECT_FALSE(station.closed(peer));
    EXPECT_TRUE(station.closed(other));
    station.manager.ban(*Subnet::parse("10.0.0.1"), station.now + hours{1}, station.now);
    EXPECT_FALSE(station.closed(station.connect(true)));
    EXPECT_THAT(station.manager.peer_infos(station.now)[0].permissions.names(),
                ElementsAre("noban", "download"));
}

TEST(Permissions, noban_peers_are_never_evicted) {
    NetOptions options = whitelisted("noban@10.0.0.1");
    options.connections_max = options.outbound_max + options.block_relay_max + 1 + 20;
    Station station(options);
    std::vector<PeerId> friends;
    for (int i = 0; i < 19; ++i) friends.push_back(station.ready_peer());
    std::vector<PeerId> strangers;
    for (int i = 0; i < 30; ++i)
        strangers.push_back(station.ready_peer(true, Station::default_version(), true, "10.0.0.2"));
    for (const PeerId peer : friends) EXPECT_FALSE(station.closed(peer));
}

TEST(Permissions, mempool_request_needs_the_permission) {
    for (const bool allowed : {false, true}) {
        Station station(whitelisted(allowed ? "mempool@10.0.0.1" : "addr@10.0.0.1"));
        const PeerId peer = station.ready_peer();
        station.send_raw(peer, "mempool");
        EXPECT_EQ(station.closed(peer), !allowed);
    }
}

TEST(Permissions, relay_peer_may_send_transactions_to_a_node_with_blocksonly) {
    for (const bool allowed : {false, true}) {
        NetOptions options = whitelisted(allowed ? "relay@10.0.0.1" : "addr@10.0.0.1");
        options.blocks_only = true;
        Station station(options);
        const PeerId peer = station.ready_peer();
        message::Inv announcement;
        announcement.entries.push_back(message::InvEntry::of(InvType::wtxid, Hash256{}));
        station.send(peer, announcement);
        EXPECT_EQ(station.closed(peer), !allowed);
    }
}

TEST(Permissions, default_permissions_follow_their_options) {
    for (const bool relay : {false, true}) {
        for (const bool force : {false, true}) {
            NetOptions options = whitelisted("10.0.0.0/8");
            options.whitelist_relay = relay;
            options.whitelist_force_relay = force;
            Station station(options);
            station.ready_peer();
            std::vector<std::string> expected{"noban"};
            if (force) expected.emplace_back("forcerelay");
            if (relay || force) expected.emplace_back("relay");
            expected.emplace_back("mempool");
            expected.emplace_back("download");
            EXPECT_EQ(station.manager.peer_infos(station.now)[0].permissions.names(), expected);
        }
    }
}

}  // namespace
}  // namespace parley::test
