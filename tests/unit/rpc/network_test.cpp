// Peers, addresses, descriptors, estimates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "chain/primitives/address.h"
#include "net/wire/framing.h"
#include "net/wire/messages.h"
#include "tests/unit/rpc/rpc_fixture.h"
#include "wallet/descriptor/descriptor.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kKey = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
constexpr const char* kExtendedKey =
    "tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPS"
    "tJRJCTKvosUCJZL5B";

TEST(GetPeerInfo, fields_haveBitcoindsNamesAndUnits) {
    RpcFixture runner;
    RpcFixture other;
    for (int i = 0; i < 7; ++i) {
        runner.node.now += std::chrono::minutes{10};
        other.node.now = runner.node.now;
        const BlockRef block = other.node.build();
        ASSERT_EQ(other.node.submit(block), "");
        if (i == 6) break;
        ASSERT_EQ(runner.node.submit(block), "");
    }
    // The runner dials the other one and learns of the seventh block, whose body does not arrive.
    Exchange exchange;
    exchange.add(runner.node);
    exchange.add(other.node);
    exchange.drops = [](size_t from, const std::string& command) {
        return from == 1 && command == "block";
    };
    exchange.connect(0, 1);
    exchange.wait(std::chrono::seconds{1});
    const Json info = runner.call("getpeerinfo").result.array()[0];
    EXPECT_EQ(info.find("id")->number(), "1");
    EXPECT_EQ(info.find("addr")->string(), "10.0.0.2:18444");
    EXPECT_EQ(info.find("network")->string(), "not_publicly_routable");
    EXPECT_EQ(info.find("services")->string(),
              fmt::format("{:016x}", other.node->peers().options().services));
    EXPECT_FALSE(info.find("servicesnames")->array().empty());
    EXPECT_EQ(info.find("version")->number(), "70016");
    EXPECT_EQ(info.find("lastsend")->number(), info.find("lastrecv")->number());
    EXPECT_EQ(info.find("last_block")->number(), "0");
    EXPECT_NE(info.find("pingtime"), nullptr);
    EXPECT_NE(info.find("minping"), nullptr);
    EXPECT_EQ(info.find("inflight")->array()[0].number(), "7");
    EXPECT_EQ(info.find("connection_type")->string(), "manual");
    EXPECT_FALSE(info.find("inbound")->boolean());
    EXPECT_EQ(info.find("bytessent_per_msg")->find("ping")->number(), "32");
}

TEST(GetPeerInfo, beforeTheHandshake_figuresAreEmpty) {
    RpcFixture runner;
    runner.set_time(1'700'000'000);
    runner.connect();
    const Json info = runner.call("getpeerinfo").result.array()[0];
    EXPECT_EQ(info.find("conntime")->number(), "1700000000");
    EXPECT_EQ(info.find("lastsend")->number(), "0");
    EXPECT_EQ(info.find("services")->string(), "0000000000000000");
    EXPECT_EQ(info.find("minping"), nullptr);
    EXPECT_EQ(info.find("addrlocal"), nullptr);
    EXPECT_EQ(info.find("connection_type")->string(), "inbound");
    EXPECT_TRUE(info.find("inflight")->array().empty());
}

TEST(GetPeerInfo, networks_areToldApart) {
    RpcFixture runner;
    const std::vector<std::pair<Endpoint, std::string>> cases{
        {{"8.8.8.8", 8333}, "ipv4"},
        {{"10.1.2.3", 8333}, "not_publicly_routable"},
        {{"172.16.0.1", 1}, "not_publicly_routable"},
        {{"172.32.0.1", 1}, "ipv4"},
        {{"192.168.1.1", 1}, "not_publicly_routable"},
        {{"::1", 18444}, "not_publicly_routable"},
        {{"2001:4860:4860::8888", 8333}, "ipv6"},
        {{"2001:db8::1", 8333}, "not_publicly_routable"},
        {{"abc.onion", 8333}, "onion"}};
    for (const auto& [address, network] : cases) runner.connect(address);
    const Json peers = runner.call("getpeerinfo").result;
    ASSERT_EQ(peers.array().size(), cases.size());
    for (size_t i = 0; i < cases.size(); ++i)
        EXPECT_EQ(peers.array()[i].find("network")->string(), cases[i].second)
            << to_string(cases[i].first);
}

TEST(GetNetworkInfo, totals_areSummed) {
    NodeConfig config{regtest_params()};
    config.net.services = 9;
    RpcFixture runner{std::move(config)};
    for (int i = 0; i < 2; ++i) runner.connect();
    for (const char* address : {"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"}) {
        runner.result("addnode", R"([")" + std::string{address} + R"(","onetry"])");
        const auto dial = std::get<effect::Dial>(
            runner.node.effects[position<effect::Dial>(runner.node.effects)]);
        runner.node.step(
            event::Connected{PeerId{100 + dial.dial}, dial.target, {}, false, dial.dial});
    }
    const Json info = runner.call("getnetworkinfo").result;
    EXPECT_EQ(info.find("version")->number(), "310000");
    EXPECT_THAT(info.find("subversion")->string(), StartsWith("/Satoshi:31.0.0/Parley:"));
    EXPECT_EQ(info.find("protocolversion")->number(), "70016");
    EXPECT_EQ(info.find("localservices")->string(), "0000000000000009");
    EXPECT_EQ(info.find("connections_in")->number(), "2");
    EXPECT_EQ(info.find("connections_out")->number(), "3");
    EXPECT_EQ(info.find("connections")->number(), "5");
    EXPECT_EQ(info.find("relayfee")->number(), "0.00000100");
    EXPECT_EQ(info.find("networks")->array().size(), 5u);
    EXPECT_EQ(runner.result("getconnectioncount"), "5");
}

TEST(GetNetTotals, bytesAndTime_areReported) {
    RpcFixture runner;
    runner.set_time(1'700'000'000);
    const PeerId peer = runner.connect();
    EXPECT_THAT(
        runner.result("getnettotals"),
        StartsWith(R"({"totalbytesrecv":0,"totalbytessent":0,"timemillis":1700000000000,)"));
    // Ten bytes of a header: a start, but no message yet.
    runner.node.step(event::Received{peer, {0xfa, 0xbf, 0xb5, 0xda, 'v', 'e', 'r', 's', 'i', 'o'}});
    EXPECT_THAT(runner.result("getnettotals"), StartsWith(R"({"totalbytesrecv":10,)"));
    RpcFixture dialing;
    dialing.result("addnode", R"(["10.0.0.1:1","onetry"])");
    dialing.node.step(event::Connected{PeerId{1}, {"10.0.0.1", 1}, {}, false, 1});
    const auto sent =
        std::get<effect::Send>(dialing.node.effects[position<effect::Send>(dialing.node.effects)]);
    EXPECT_THAT(dialing.result("getnettotals"),
                StartsWith(R"({"totalbytesrecv":0,"totalbytessent":)" +
                           std::to_string(sent.data->size()) + ","));
}

TEST(AddNode, commands_arePassedOn) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("addnode", R"(["127.0.0.1:18445","onetry"])"), "null");
    const size_t dial = position<effect::Dial>(runner.node.effects);
    ASSERT_LT(dial, runner.node.effects.size());
    EXPECT_EQ(to_string(std::get<effect::Dial>(runner.node.effects[dial]).target),
              "127.0.0.1:18445");
    EXPECT_EQ(runner.result("getaddednodeinfo"), "[]");
    runner.result("addnode", R"(["a","add"])");
    EXPECT_EQ(runner.node->peers().added_nodes().size(), 1u);
    const Reply again = runner.call("addnode", R"(["a","add"])");
    EXPECT_EQ(again.code, -23);
    EXPECT_EQ(again.message, "Error: Node already added");
    runner.result("addnode", R"(["a","remove",false])");
    EXPECT_TRUE(runner.node->peers().added_nodes().empty());
    const Reply absent = runner.call("addnode", R"(["a","remove"])");
    EXPECT_EQ(absent.code, -24);
    EXPECT_EQ(absent.message,
              "Error: Node could not be removed. It has not been added previously.");
    const Reply malformed = runner.call("addnode", R"(["","add"])");
    EXPECT_EQ(malformed.code, -30);
    EXPECT_EQ(malformed.message, "node: \"\" must have the form host, host:port or [ip6]:port");
    const Reply reply = runner.call("addnode", R"(["a","twice"])");
    EXPECT_EQ(reply.code, -1);
    EXPECT_THAT(reply.message, HasSubstr("must be add, remove or onetry"));
    EXPECT_THAT(runner.call("addnode", R"(["a","add",true])").message, HasSubstr("v2transport"));
}

TEST(DisconnectNode, exactlyOneWayToNameThePeer) {
    RpcFixture runner;
    const auto closed = [&] {
        const size_t at = position<effect::Close>(runner.node.effects);
        EXPECT_LT(at, runner.node.effects.size());
        return std::get<effect::Close>(runner.node.effects.at(at)).peer.value();
    };
    runner.connect({"1.2.3.4", 5});
    for (uint16_t port = 2; port <= 3; ++port) runner.connect({"127.0.0.1", port});
    EXPECT_EQ(runner.result("disconnectnode", R"(["1.2.3.4:5"])"), "null");
    EXPECT_EQ(closed(), 1u);
    EXPECT_EQ(runner.result("disconnectnode", R"(["",2])"), "null");
    EXPECT_EQ(closed(), 2u);
    EXPECT_EQ(runner.result("disconnectnode", R"({"nodeid":3})"), "null");
    EXPECT_EQ(closed(), 3u);
    for (const char* params : {"[]", R"(["1.2.3.4:5",7])"}) {
        EXPECT_EQ(runner.call("disconnectnode", params).code, -32602);
        EXPECT_EQ(runner.call("disconnectnode", params).message,
                  "Only one of address and nodeid should be provided.");
    }
    for (const char* params : {R"(["",-1])", R"(["",9])", R"(["9.9.9.9:9"])"}) {
        EXPECT_EQ(runner.call("disconnectnode", params).code, -29);
        EXPECT_EQ(runner.call("disconnectnode", params).message,
                  "Node not found in connected nodes");
    }
}

TEST(GetAddedNodeInfo, filter_mustMatch) {
    RpcFixture runner;
    runner.result("addnode", R"(["a","add"])");
    runner.result("addnode", R"(["1.2.3.4:5","add"])");
    const size_t at = position<effect::Dial>(runner.node.effects);
    ASSERT_LT(at, runner.node.effects.size());
    const auto dial = std::get<effect::Dial>(runner.node.effects[at]);
    ASSERT_EQ(dial.target, (Endpoint{"1.2.3.4", 5}));
    runner.node.step(event::Connected{PeerId{1}, dial.target, {}, false, dial.dial});
    EXPECT_EQ(runner.result("getaddednodeinfo"),
              R"([{"addednode":"a","connected":false,"addresses":[]},{"addednode":"1.2.3.4:5",)"
              R"("connected":true,"addresses":[{"address":"1.2.3.4:5","connected":"outbound"}]}])");
    EXPECT_EQ(runner.call("getaddednodeinfo", R"(["1.2.3.4:5"])").result.array().size(), 1u);
    const Reply reply = runner.call("getaddednodeinfo", R"(["c"])");
    EXPECT_EQ(reply.code, -24);
    EXPECT_EQ(reply.message, "Error: Node has not been added.");
}

TEST(GetNodeAddresses, countAndNetwork_limit) {
    RpcFixture runner;
    RpcFixture other;
    Exchange exchange;
    exchange.add(runner.node);
    exchange.add(other.node);
    exchange.connect(0, 1);
    // The peer announces the addresses of two others.
    const auto now = static_cast<uint32_t>(to_unix_seconds(runner.node.now));
    message::Addr addr;
    for (const char* host : {"1.2.3.4", "2001:db9::1"})
        addr.entries.push_back({now, {9, *IpAddress::parse(host), 8333}});
    const auto frame = encode_frame(runner.node->config().params.magic, "addr", encode(addr));
    runner.node.step(event::Received{PeerId{1}, *frame});

    const Json all = runner.call("getnodeaddresses", "[0]").result;
    const auto known = runner.node->peers().known_addresses(9);
    ASSERT_EQ(known.size(), all.array().size());
    std::set<std::string> seen;
    for (size_t i = 0; i < known.size(); ++i) {
        const Json& each = all.array()[i];
        EXPECT_EQ(each.find("time")->number(), std::to_string(known[i].last_seen));
        seen.insert(each.find("address")->string() + " " + each.find("network")->string() + " " +
                    each.find("port")->number() + " " + each.find("services")->number());
    }
    EXPECT_EQ(seen, (std::set<std::string>{"1.2.3.4 ipv4 8333 9", "2001:db9::1 ipv6 8333 9"}));
    EXPECT_EQ(runner.call("getnodeaddresses").result.array().size(), 1u);
    const Json ipv6 = runner.call("getnodeaddresses", R"([0,"ipv6"])").result;
    ASSERT_EQ(ipv6.array().size(), 1u);
    EXPECT_EQ(ipv6.array()[0].find("address")->string(), "2001:db9::1");
    EXPECT_EQ(runner.call("getnodeaddresses", "[-1]").message, "Address count out of range");
}

TEST(Ping, peersAreAsked_networkIsSwitched) {
    RpcFixture runner;
    RpcFixture other;
    Exchange exchange;
    exchange.add(runner.node);
    exchange.add(other.node);
    exchange.connect(0, 1);
    EXPECT_EQ(runner.result("ping"), "null");
    const size_t sent = position<effect::Send>(runner.node.effects);
    ASSERT_LT(sent, runner.node.effects.size());
    EXPECT_EQ(messages(runner.node.effects[sent])[0].first, "ping");
    EXPECT_EQ(runner.result("setnetworkactive", "[false]"), "false");
    EXPECT_FALSE(runner.node->peers().network_active());
    EXPECT_TRUE(contains<effect::Close>(runner.node.effects));
    EXPECT_FALSE(runner.call("getnetworkinfo").result.find("networkactive")->boolean());
}

TEST(Stop, node_isAskedToStop) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("uptime"), "90");
    EXPECT_EQ(runner.result("stop"), "\"Parley stopping\"");
    EXPECT_TRUE(contains<effect::Shutdown>(runner.node.effects));
    runner.result("stop", "[1500]");
    EXPECT_EQ(runner.host.time, std::chrono::milliseconds{1500});
}

TEST(ValidateAddress, forms_areDescribed) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("validateaddress", std::string{"[\""} + kAddress + "\"]"),
              std::string{R"({"isvalid":true,"address":")"} + kAddress +
                  R"(","scriptPubKey":"00140000000000000000000000000000000000000000",)"
                  R"("isscript":false,"iswitness":true,"witness_version":0,)"
                  R"("witness_program":"0000000000000000000000000000000000000000"})");
    const Json invalid = runner.call("validateaddress", R"(["nowhere"])").result;
    EXPECT_FALSE(invalid.find("isvalid")->boolean());
    EXPECT_FALSE(invalid.find("error")->string().empty());
    EXPECT_NE(invalid.find("error_locations"), nullptr);
    const Json base58 =
        runner.call("validateaddress", R"(["mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"])").result;
    EXPECT_FALSE(base58.find("iswitness")->boolean());
    EXPECT_FALSE(base58.find("isscript")->boolean());
    // Whether a program pays to a script is said as far as there are rules for it.
    const auto is_script = [&](const std::string& script) -> std::string {
        const Json decoded = runner.call("decodescript", "[\"" + script + "\"]").result;
        const std::string address = decoded.find("address")->string();
        const Json valid = runner.call("validateaddress", "[\"" + address + "\"]").result;
        EXPECT_TRUE(valid.find("iswitness")->boolean());
        const Json* member = valid.find("isscript");
        return member == nullptr ? "unknown" : member->boolean() ? "yes" : "no";
    };
    const std::string hash(64, '1');
    EXPECT_EQ(is_script("0020" + hash), "yes");
    EXPECT_EQ(is_script("5120" + hash), "yes");
    EXPECT_EQ(is_script("51024e73"), "yes");
    EXPECT_EQ(is_script("5102abcd"), "unknown");
    EXPECT_EQ(is_script("5220" + hash), "unknown");
}

TEST(EstimateSmartFee, nodeWithoutRelay_isAskedInVain) {
    NodeConfig config{regtest_params()};
    config.net.blocks_only = true;
    RpcFixture runner{std::move(config)};
    for (const char* method : {"estimatesmartfee", "estimaterawfee"}) {
        const auto answer = runner.call(method, "[2]");
        EXPECT_EQ(answer.code, -32603);
        EXPECT_EQ(answer.message, "Fee estimation disabled");
    }
}

TEST(EstimateSmartFee, withoutHistory_saysSo) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("estimatesmartfee", "[6]"),
              R"({"errors":["Insufficient data or no feerate found"],"blocks":0})");
    EXPECT_EQ(runner.call("estimatesmartfee", R"([6,"CONSERVATIVE"])").code, 0);
    EXPECT_EQ(runner.call("estimatesmartfee", "[0]").message,
              "Invalid conf_target, must be between 1 and 1008");
    EXPECT_EQ(runner.call("estimatesmartfee", "[1009]").code, -8);
    EXPECT_THAT(runner.call("estimatesmartfee", R"([6,"fast"])").message,
                HasSubstr("estimate_mode"));
}

TEST(GetDescriptorInfo, summary_isWritten) {
    RpcFixture runner;
    const std::string public_key = std::string{"wpkh("} + kKey + ")";
    const std::string checksum = *descriptor_checksum(public_key);
    EXPECT_EQ(runner.result("getdescriptorinfo", "[\"" + public_key + "\"]"),
              R"({"descriptor":")" + public_key + "#" + checksum + R"(","checksum":")" + checksum +
                  R"(","isrange":false,"issolvable":true,"hasprivatekeys":false})");
    // Of a secret key, the public one is shown; the checksum is that of the text as it was given.
    const std::string secret =
        "wpkh(" + encode_secret_key(regtest_params().address_prefixes, {RpcFixture::key(), true}) +
        ")";
    const Json info = runner.call("getdescriptorinfo", "[\"" + secret + "\"]").result;
    EXPECT_TRUE(info.find("hasprivatekeys")->boolean());
    EXPECT_EQ(info.find("checksum")->string(), *descriptor_checksum(secret));
    EXPECT_THAT(info.find("descriptor")->string(),
                StartsWith("wpkh(" + to_hex(RpcFixture::key().public_key().bytes()) + ")#"));
    const Json ranged =
        runner.call("getdescriptorinfo", std::string{"[\"wpkh("} + kExtendedKey + "/*)\"]").result;
    EXPECT_TRUE(ranged.find("isrange")->boolean());
    EXPECT_EQ(runner.call("getdescriptorinfo", R"(["x"])").code, -5);
}

TEST(DeriveAddresses, range_isNeededExactlyWhenRanged) {
    RpcFixture runner;
    const auto with_checksum = [](const std::string& text) {
        return "[\"" + text + "#" + *descriptor_checksum(text) + "\"";
    };
    const std::string single = with_checksum(std::string{"wpkh("} + kKey + ")");
    const std::string ranged = with_checksum(std::string{"wpkh("} + kExtendedKey + "/*)");
    EXPECT_EQ(runner.result("deriveaddresses", single + "]"),
              "[\"" +
                  encode_address(regtest_params().address_prefixes,
                                 p2wpkh_script(hash160(*from_hex(kKey)))) +
                  "\"]");
    EXPECT_EQ(runner.call("deriveaddresses", single + ",2]").message,
              "Range should not be specified for an un-ranged descriptor");
    EXPECT_THAT(runner.call("deriveaddresses", std::string{"[\"wpkh("} + kKey + ")\"]").message,
                HasSubstr("Missing checksum"));
    EXPECT_EQ(runner.call("deriveaddresses", ranged + "]").message,
              "Range must be specified for a ranged descriptor");
    const Json first = runner.call("deriveaddresses", ranged + ",5]").result;
    ASSERT_EQ(first.array().size(), 6u);
    const Json later = runner.call("deriveaddresses", ranged + ",[3,5]]").result;
    ASSERT_EQ(later.array().size(), 3u);
    for (size_t i = 0; i < 3; ++i)
        EXPECT_EQ(later.array()[i].string(), first.array()[i + 3].string());
    for (const char* range :
         {"[5,3]", "[-1,3]", "-1", "[0,2147483648]", "[0,1000000]", "[1]", "true", "[1,2,3]"}) {
        const Reply reply = runner.call("deriveaddresses", ranged + "," + std::string{range} + "]");
        EXPECT_EQ(reply.code, -8) << range;
        EXPECT_THAT(reply.message, HasSubstr("ange ")) << range;
    }
    EXPECT_EQ(runner.call("deriveaddresses", with_checksum("raw(51)") + "]").message,
              "Descriptor does not have a corresponding address");
}

TEST(GetIndexInfo, thereIsNone) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("getindexinfo"), "{}");
}

}  // namespace
}  // namespace parley::rpc::test
