#include "rpc/client/net_info.h"

#include <gtest/gtest.h>

namespace parley::rpc {
namespace {

using Arguments = std::vector<std::string>;

NetInfoReport report(const char* peers) {
    NetInfoReport report;
    report.network = *parse_json(
        R"({"protocolversion":70016,"subversion":"/S/","localservicesnames":["NETWORK","WITNESS",)"
        R"("NETWORK_LIMITED"],"networks":[{"name":"ipv4","reachable":true},)"
        R"({"name":"ipv6","reachable":true},{"name":"onion","reachable":false}],)"
        R"("localaddresses":[]})");
    report.peers = *parse_json(peers);
    report.client = "Parley client v1";
    report.chain = "regtest";
    report.now_s = 100'000;
    return report;
}

constexpr const char* kPeers =
    R"([{"id":7,"addr":"1.2.3.4:8333","network":"ipv4","inbound":false,"version":70016,)"
    R"("subver":"/A:1/","connection_type":"manual","servicesnames":["NETWORK","P2P_V2"],)"
    R"("transport_protocol_type":"v1","minping":0.012,"pingtime":0.0206,"lastsend":99990,)"
    R"("lastrecv":99995,"last_transaction":99880,"last_block":0,"conntime":94000,)"
    R"("addr_processed":12,"addr_relay_enabled":true,"addr_rate_limited":3,"relaytxes":true,)"
    R"("bip152_hb_to":false,"bip152_hb_from":true},)"
    R"({"id":12,"addr":"[::1]:5","network":"not_publicly_routable","inbound":true,)"
    R"("version":70015,"subver":"/B/","connection_type":"inbound","servicesnames":[],)"
    R"("lastsend":0,"lastrecv":0,"last_transaction":0,"last_block":99400,"conntime":99400,)"
    R"("addr_processed":0,"addr_relay_enabled":false,"relaytxes":false,"bip152_hb_to":true,)"
    R"("bip152_hb_from":false},)"
    R"({"id":3,"addr":"1.1.1.1:1","network":"ipv4","inbound":false,"version":70016,)"
    R"("subver":"/C/","connection_type":"block-relay-only","servicesnames":["WITNESS"],)"
    R"("minping":0.001,"pingtime":1200,"conntime":100000,"relaytxes":false}])";

TEST(NetInfo, countsPeersByDirectionAndNetwork) {
    EXPECT_EQ(format_net_info(report(kPeers), {}),
              "Parley client v1 regtest - server 70016/S/\n\n"
              "         ipv4    ipv6     npr   total   block  manual\n"
              "in          0       0       1       1\n"
              "out         2       0       0       2       1       1\n"
              "total       2       0       1       3\n\n"
              "Local services: network, witness, network limited\n\n"
              "Local addresses: n/a\n");
    NetInfoReport none = report("[]");
    none.chain = "main";
    none.network =
        *parse_json(R"({"protocolversion":1,"subversion":"","localservicesnames":[],"networks":[],)"
                    R"("localaddresses":[{"address":"9.9.9.9","port":8333,"score":4}]})");
    EXPECT_EQ(format_net_info(none, {}),
              "Parley client v1 - server 1\n\n"
              "        total   block\n"
              "in          0\n"
              "out         0       0\n"
              "total       0\n\n"
              "Local services: \n\n"
              "Local addresses\n9.9.9.9     port   8333    score      4");
}

TEST(NetInfo, higherLevelsHaveARowForEachPeer) {
    const std::string shown = format_net_info(report(kPeers), {4, false});
    EXPECT_EQ(
        shown.substr(0, shown.find("\n\n      ")),
        "Parley client v1 regtest - server 70016/S/ - services nwl\n\n"
        "<->   type   net   serv  v  mping   ping send recv  txn  blk  hb addrp addrl  age id "
        "address      version\n"
        " in          npr         1                            *   10  .      .         10 12 "
        "[::1]:5      70015/B/\n"
        "out  block  ipv4      w  1      1      -              *              .          0  3 "
        "1.1.1.1:1    70016/C/\n"
        "out manual  ipv4     n2  1     12     21   10    5    2        *    12     3  100  7 "
        "1.2.3.4:8333 70016/A:1/\n"
        "                               ms     ms  sec  sec  min  min                  min");
    const std::string outbound = format_net_info(report(kPeers), {1, true});
    EXPECT_EQ(outbound.find(" in  "), std::string::npos);
    EXPECT_EQ(outbound.find("1.2.3.4"), std::string::npos);
    EXPECT_EQ(format_net_info(report("[]"), {1, false}).find("<->"), std::string::npos);
}

TEST(NetInfo, argumentsAreALevelAndOutonly) {
    EXPECT_EQ(parse_net_info({})->level, 0);
    EXPECT_EQ(parse_net_info({"3"})->level, 3);
    EXPECT_EQ(parse_net_info({"255"})->level, 4);
    EXPECT_TRUE(parse_net_info({"1", "o"})->outbound_only);
    EXPECT_TRUE(parse_net_info({"2", "outonly", "more"})->outbound_only);
    for (const Arguments& bad : {Arguments{"x"}, {"256"}, {"-1"}, {""}, {"1x"}}) {
        EXPECT_EQ(parse_net_info(bad).error(),
                  "invalid -netinfo level argument: " + bad[0] +
                      "\nFor more information, run: parley-cli -netinfo help");
    }
    EXPECT_EQ(parse_net_info({"1", "x"}).error(),
              "invalid -netinfo outonly argument: x\n"
              "For more information, run: parley-cli -netinfo help");
    EXPECT_EQ(
        parse_net_info({"0", "o"}).error(),
        "invalid -netinfo outonly argument: o\nThe outonly argument is only valid for a level "
        "greater than 0 (the first argument). For more information, run: parley-cli -netinfo "
        "help");
}

}  // namespace
}  // namespace parley::rpc
