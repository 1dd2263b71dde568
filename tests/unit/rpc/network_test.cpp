// Peers, addresses, descriptors, estimates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/fake_node.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(GetPeerInfo, fields_haveBitcoindsNamesAndUnits) {
    Runner runner;
    PeerSummary peer;
    peer.id = PeerId{3};
    peer.address = "127.0.0.1:18444";
    peer.services = 0x1000409;
    peer.connected_at = from_unix_seconds(1'700'000'000);
    peer.ping_time = Duration{1'500};
    peer.version = 70016;
    peer.user_agent = "/x/";
    peer.manual = true;
    peer.inflight = {Height{7}};
    peer.bytes_sent_per_message = {{"ping", 32}};
    runner.node.peer_list = {peer};
    const Json info = runner.call("getpeerinfo").result.array()[0];
    EXPECT_EQ(info.find("id")->number(), "3");
    EXPECT_EQ(info.find("network")->string(), "not_publicly_routable");
    EXPECT_EQ(info.find("services")->string(), "0000000001000409");
    EXPECT_EQ(runner.call("getpeerinfo").result.array()[0].find("servicesnames")->array().size(),
              4u);
    EXPECT_EQ(info.find("conntime")->number(), "1700000000");
    EXPECT_EQ(info.find("lastsend")->number(), "0");
    EXPECT_EQ(info.find("pingtime")->number(), "0.0015");
    EXPECT_EQ(info.find("minping"), nullptr);
    EXPECT_EQ(info.find("addrlocal"), nullptr);
    EXPECT_EQ(info.find("inflight")->array()[0].number(), "7");
    EXPECT_EQ(info.find("connection_type")->string(), "manual");
    EXPECT_EQ(info.find("bytessent_per_msg")->find("ping")->number(), "32");
}

TEST(GetPeerInfo, networks_areToldApart) {
    Runner runner;
    const std::vector<std::pair<std::string, std::string>> cases{
        {"8.8.8.8:8333", "ipv4"},
        {"10.1.2.3:8333", "not_publicly_routable"},
        {"172.16.0.1:1", "not_publicly_routable"},
        {"172.32.0.1:1", "ipv4"},
        {"192.168.1.1:1", "not_publicly_routable"},
        {"[::1]:18444", "not_publicly_routable"},
        {"[2001:db8::1]:8333", "ipv6"},
        {"abc.onion:8333", "onion"}};
    for (const auto& [address, network] : cases) {
        PeerSummary peer;
        peer.address = address;
        runner.node.peer_list = {peer};
        EXPECT_EQ(runner.call("getpeerinfo").result.array()[0].find("network")->string(), network)
            << address;
    }
}

TEST(GetNetworkInfo, totals_areSummed) {
    Runner runner;
    runner.node.network_summary.connections_in = 2;
    runner.node.network_summary.connections_out = 3;
    runner.node.network_summary.local_services = 9;
    runner.node.pool.min_relay_fee_rate = Amount{100};
    const Json info = runner.call("getnetworkinfo").result;
    EXPECT_EQ(info.find("version")->number(), "310000");
    EXPECT_THAT(info.find("subversion")->string(), StartsWith("/Satoshi:31.0.0/Parley:"));
    EXPECT_EQ(info.find("protocolversion")->number(), "70016");
    EXPECT_EQ(info.find("localservices")->string(), "0000000000000009");
    EXPECT_EQ(info.find("connections")->number(), "5");
    EXPECT_EQ(info.find("relayfee")->number(), "0.00000100");
    EXPECT_EQ(info.find("networks")->array().size(), 5u);
    EXPECT_EQ(runner.result("getconnectioncount"), "5");
}

TEST(GetNetTotals, bytesAndTime_areReported) {
    Runner runner;
    runner.node.network_summary.bytes_received = 10;
    runner.node.network_summary.bytes_sent = 20;
    EXPECT_THAT(
        runner.result("getnettotals"),
        StartsWith(R"({"totalbytesrecv":10,"totalbytessent":20,"timemillis":1700000000000,)"));
}

TEST(AddNode, commands_arePassedOn) {
    Runner runner;
    EXPECT_EQ(runner.result("addnode", R"(["127.0.0.1:18445","onetry"])"), "null");
    runner.result("addnode", R"(["a","add"])");
    runner.result("addnode", R"(["a","remove",false])");
    ASSERT_EQ(runner.node.add_node_calls.size(), 3u);
    EXPECT_EQ(runner.node.add_node_calls[0],
              (std::pair{std::string{"127.0.0.1:18445"}, AddNodeAction::onetry}));
    EXPECT_EQ(runner.node.add_node_calls[2].second, AddNodeAction::remove);
    const Reply reply = runner.call("addnode", R"(["a","twice"])");
    EXPECT_EQ(reply.code, -1);
    EXPECT_THAT(reply.message, HasSubstr("it must be add, remove or onetry"));
    EXPECT_THAT(runner.call("addnode", R"(["a","add",true])").message, HasSubstr("v2transport"));
}

TEST(DisconnectNode, exactlyOneWayToNameThePeer) {
    Runner runner;
    EXPECT_EQ(runner.result("disconnectnode", R"(["1.2.3.4:5"])"), "null");
    EXPECT_EQ(runner.result("disconnectnode", R"(["",7])"), "null");
    EXPECT_EQ(runner.result("disconnectnode", R"({"nodeid":8})"), "null");
    EXPECT_EQ(runner.node.disconnected, (std::vector<std::string>{"1.2.3.4:5", "#7", "#8"}));
    for (const char* params : {"[]", R"(["1.2.3.4:5",7])"}) {
        EXPECT_EQ(runner.call("disconnectnode", params).code, -32602);
        EXPECT_EQ(runner.call("disconnectnode", params).message,
                  "Only one of address and nodeid should be provided.");
    }
    EXPECT_EQ(runner.call("disconnectnode", R"(["",-1])").code, -29);
}

TEST(GetAddedNodeInfo, filter_mustMatch) {
    Runner runner;
    runner.node.added = {{"a", std::nullopt}, {"b", {{"1.2.3.4:5", false}}}};
    EXPECT_EQ(runner.result("getaddednodeinfo"),
              R"([{"addednode":"a","connected":false,"addresses":[]},{"addednode":"b",)"
              R"("connected":true,"addresses":[{"address":"1.2.3.4:5","connected":"outbound"}]}])");
    EXPECT_EQ(runner.call("getaddednodeinfo", R"(["b"])").result.array().size(), 1u);
    const Reply reply = runner.call("getaddednodeinfo", R"(["c"])");
    EXPECT_EQ(reply.code, -24);
    EXPECT_EQ(reply.message, "Error: Node has not been added.");
}

TEST(GetNodeAddresses, countAndNetwork_limit) {
    Runner runner;
    runner.node.addresses = {{from_unix_seconds(5), 9, "1.2.3.4", 8333},
                             {from_unix_seconds(6), 9, "2001:db8::1", 8333}};
    EXPECT_EQ(runner.result("getnodeaddresses"),
              R"([{"time":5,"services":9,"address":"1.2.3.4","port":8333,"network":"ipv4"}])");
    EXPECT_EQ(runner.call("getnodeaddresses", "[0]").result.array().size(), 2u);
    EXPECT_EQ(runner.call("getnodeaddresses", R"([0,"ipv6"])").result.array().size(), 1u);
    EXPECT_EQ(runner.call("getnodeaddresses", "[-1]").message, "Address count out of range");
}

TEST(Ping, peersAreAsked_networkIsSwitched) {
    Runner runner;
    EXPECT_EQ(runner.result("ping"), "null");
    EXPECT_TRUE(runner.node.pinged);
    EXPECT_EQ(runner.result("setnetworkactive", "[false]"), "false");
    EXPECT_FALSE(runner.node.network_summary.active);
}

TEST(Stop, node_isAskedToStop) {
    Runner runner;
    EXPECT_EQ(runner.result("stop"), "\"Parley stopping\"");
    EXPECT_TRUE(runner.node.stopped);
    runner.result("stop", "[1500]");
    EXPECT_EQ(runner.host.time, std::chrono::milliseconds{1500});
    EXPECT_EQ(runner.result("uptime"), "90");
}

TEST(ValidateAddress, forms_areDescribed) {
    Runner runner;
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
}

TEST(EstimateSmartFee, withoutHistory_saysSo) {
    Runner runner;
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
    Runner runner;
    runner.node.descriptor = {"wpkh(k)#abcdefgh", "abcdefgh", true, true, false};
    EXPECT_EQ(runner.result("getdescriptorinfo", R"x(["wpkh(k)"])x"),
              R"({"descriptor":"wpkh(k)#abcdefgh","checksum":"abcdefgh","isrange":true,)"
              R"("issolvable":true,"hasprivatekeys":false})");
    runner.node.descriptor_error = Error{Code::address_or_key, "'x' is not a valid descriptor"};
    EXPECT_EQ(runner.call("getdescriptorinfo", R"(["x"])").code, -5);
}

TEST(DeriveAddresses, range_isNeededExactlyWhenRanged) {
    Runner runner;
    runner.node.descriptor_scripts = {p2wpkh_script({})};
    EXPECT_EQ(runner.result("deriveaddresses", R"x(["wpkh(k)#c"])x"),
              std::string{"[\""} + kAddress + "\"]");
    EXPECT_EQ(runner.call("deriveaddresses", R"x(["wpkh(k)#c",2])x").message,
              "Range should not be specified for an un-ranged descriptor");
    EXPECT_THAT(runner.call("deriveaddresses", R"x(["wpkh(k)"])x").message,
                HasSubstr("Missing checksum"));
    runner.node.descriptor.ranged = true;
    EXPECT_EQ(runner.call("deriveaddresses", R"x(["wpkh(k/*)#c"])x").message,
              "Range must be specified for a ranged descriptor");
    runner.result("deriveaddresses", R"x(["wpkh(k/*)#c",2])x");
    EXPECT_EQ(runner.node.expand_range, (std::pair{0u, 2u}));
    runner.result("deriveaddresses", R"x(["wpkh(k/*)#c",[3,5]])x");
    EXPECT_EQ(runner.node.expand_range, (std::pair{3u, 5u}));
    for (const char* range :
         {"[5,3]", "[-1,3]", "-1", "[0,2147483648]", "[0,1000000]", "[1]", "true", "[1,2,3]"}) {
        const Reply reply =
            runner.call("deriveaddresses", R"x(["wpkh(k/*)#c",)x" + std::string{range} + "]");
        EXPECT_EQ(reply.code, -8) << range;
        EXPECT_THAT(reply.message, HasSubstr("(range)")) << range;
    }
    runner.node.descriptor_scripts = {Script{{OP_TRUE}}};
    EXPECT_EQ(runner.call("deriveaddresses", R"x(["raw(51)#c",0])x").message,
              "Descriptor does not have a corresponding address");
}

TEST(GetIndexInfo, thereIsNone) {
    Runner runner;
    EXPECT_EQ(runner.result("getindexinfo"), "{}");
}

}  // namespace
}  // namespace parley::rpc::test
