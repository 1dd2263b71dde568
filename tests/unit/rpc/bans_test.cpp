// setban, listbanned, clearbanned, getaddrmaninfo.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "net/wire/framing.h"
#include "net/wire/messages.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;

std::string addresses(RpcFixture& runner) {
    std::string text;
    const Reply reply = runner.call("listbanned");
    for (const Json& ban : reply.result.array()) text += ban.find("address")->string() + " ";
    return text;
}

TEST(SetBan, addresses_and_networks_are_listed_in_canonical_form) {
    RpcFixture runner;
    for (const char* each : {"1.2.3.4", "10.1.2.3/255.255.0.0", "2001:4d48:ac57::1/19", "[::1]"})
        EXPECT_EQ(runner.result("setban", fmt::format(R"(["{}","add"])", each)), "null");
    EXPECT_EQ(addresses(runner), "::1/128 1.2.3.4/32 10.1.0.0/16 2001:4000::/19 ");
    EXPECT_EQ(runner.result("setban", R"(["10.1.0.0/16","remove"])"), "null");
    EXPECT_EQ(addresses(runner), "::1/128 1.2.3.4/32 2001:4000::/19 ");
    EXPECT_EQ(runner.result("clearbanned"), "null");
    EXPECT_EQ(addresses(runner), "");
}

TEST(SetBan, what_is_wrong_is_refused_with_bitcoinds_codes) {
    RpcFixture runner;
    runner.result("setban", R"(["127.0.0.0/24","add"])");
    const auto expect = [&](const char* params, int code, const char* message) {
        const Reply reply = runner.call("setban", params);
        EXPECT_EQ(reply.code, code) << params;
        EXPECT_THAT(reply.message, HasSubstr(message)) << params;
    };
    expect(R"(["127.0.0.1","add"])", -23, "Error: IP/Subnet already banned");
    expect(R"(["127.0.0.0/24","add"])", -23, "Error: IP/Subnet already banned");
    for (const char* wrong : {"127.0.0.1/42", "foo", "1.2.3.4/255.0.255.0", "::1/129", ""})
        expect(fmt::format(R"(["{}","add"])", wrong).c_str(), -30, "Error: Invalid IP/Subnet");
    expect(R"(["1.2.3.4","add",123,true])", -8, "Error: Absolute timestamp is in the past");
    runner.result("setban", R"(["fe80::/10","add"])");
    expect(R"(["[fe80::1]","add"])", -23, "Error: IP/Subnet already banned");
    // The address is banned as part of a network, and has no ban of its own.
    expect(R"(["127.0.0.1","remove"])", -30,
           "Error: Unban failed. Requested address/subnet was not previously manually banned.");
    expect(R"(["1.2.3.4","ban"])", -1, "setban \"subnet\" \"command\"");
    // A part of a banned network, and a wider network, can be banned beside it.
    EXPECT_EQ(runner.result("setban", R"(["127.0.0.0/32","add"])"), "null");
    EXPECT_EQ(runner.result("setban", R"(["127.0.0.0/8","add"])"), "null");
}

TEST(SetBan, bans_end_when_their_time_has_come) {
    NodeConfig config{regtest_params()};
    config.net.ban_time = std::chrono::seconds{1234};
    RpcFixture runner(config);
    runner.set_time(1'800'000'000);
    runner.result("setban", R"(["1.0.0.1","add"])");
    runner.result("setban", R"(["1.0.0.2","add",10])");
    runner.result("setban", R"(["1.0.0.3","add",1800000020,true])");
    EXPECT_EQ(runner.result("listbanned"),
              R"([{"address":"1.0.0.1/32","ban_created":1800000000,"banned_until":1800001234,)"
              R"("ban_duration":1234,"time_remaining":1234},)"
              R"({"address":"1.0.0.2/32","ban_created":1800000000,"banned_until":1800000010,)"
              R"("ban_duration":10,"time_remaining":10},)"
              R"({"address":"1.0.0.3/32","ban_created":1800000000,"banned_until":1800000020,)"
              R"("ban_duration":20,"time_remaining":20}])");
    runner.set_time(1'800'000'010);
    EXPECT_EQ(addresses(runner), "1.0.0.1/32 1.0.0.3/32 ");
    EXPECT_EQ(runner.result("setban", R"(["1.0.0.2","add"])"), "null");
}

TEST(SetBan, peers_in_the_network_are_disconnected_and_the_list_is_stored) {
    RpcFixture runner;
    runner.connect({"10.0.0.9", 1});
    runner.connect({"10.0.1.9", 1});
    runner.result("setban", R"(["10.0.0.0/24","add"])");
    const Reply peers = runner.call("getpeerinfo");
    ASSERT_EQ(peers.result.array().size(), 1u);
    EXPECT_EQ(peers.result.array()[0].find("addr")->string(), "10.0.1.9:1");
    ASSERT_EQ(runner.host.stored_bans.size(), 1u);
    EXPECT_EQ(runner.host.stored_bans[0].subnet.to_string(), "10.0.0.0/24");
    runner.result("clearbanned");
    EXPECT_TRUE(runner.host.stored_bans.empty());
}

TEST(SetBan, bans_of_an_earlier_run_are_in_force) {
    NodeConfig config{regtest_params()};
    const TimePoint created = from_unix_seconds(1);
    config.net.bans = {{*Subnet::parse("10.0.0.0/24"), created, from_unix_seconds(UINT32_MAX)},
                       {*Subnet::parse("10.0.1.0/24"), created, from_unix_seconds(2)}};
    RpcFixture runner(config);
    EXPECT_EQ(addresses(runner), "10.0.0.0/24 ");
    runner.connect({"10.0.0.9", 1});
    EXPECT_EQ(runner.result("getpeerinfo"), "[]");
}

TEST(GetAddrManInfo, counts_by_network) {
    RpcFixture runner;
    RpcFixture other;
    Exchange exchange;
    exchange.add(runner.node);
    exchange.add(other.node);
    exchange.connect(0, 1);
    const auto now = static_cast<uint32_t>(to_unix_seconds(runner.node.now));
    message::Addr addr;
    for (const char* host : {"1.2.3.4", "5.6.7.8", "2001:db9::1"})
        addr.entries.push_back({now, {9, *IpAddress::parse(host), 8333}});
    const auto frame = encode_frame(runner.node->config().params.magic, "addr", encode(addr));
    runner.node.step(event::Received{PeerId{1}, *frame});
    const std::string none = R"({"new":0,"tried":0,"total":0})";
    EXPECT_EQ(runner.result("getaddrmaninfo"),
              R"({"ipv4":{"new":2,"tried":0,"total":2},"ipv6":{"new":1,"tried":0,"total":1},)"
              R"("onion":)" +
                  none + R"(,"i2p":)" + none + R"(,"cjdns":)" + none +
                  R"(,"all_networks":{"new":3,"tried":0,"total":3}})");
}

}  // namespace
}  // namespace parley::rpc::test
