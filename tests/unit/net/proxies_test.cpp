#include "net/wire/proxies.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

using Kind = Route::Kind;

constexpr const char* kOnion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";

Proxy proxy(const char* address) {
    return {address, true};
}

struct Case {
    const char* host;
    Kind kind;
    const char* proxy = "";
};

void expect_routes(const Proxies& proxies, std::initializer_list<Case> cases) {
    for (const Case& expected : cases) {
        const Route route = proxies.route(expected.host);
        EXPECT_EQ(route.kind, expected.kind) << expected.host;
        EXPECT_EQ(route.proxy.address, expected.proxy) << expected.host;
        EXPECT_EQ(route.reason.empty(), route.kind != Kind::refused) << expected.host;
    }
}

TEST(Proxies, network_of_hosts) {
    const std::pair<const char*, std::optional<Network>> cases[] = {
        {"1.2.3.4", Network::ipv4},
        {"2a01::1", Network::ipv6},
        {"1233:3432::1", Network::ipv6},
        {"::ffff:1.2.3.4", Network::ipv4},
        {kOnion, Network::onion},
        {"SHORT.ONION", Network::onion},
        {"name.onion.", Network::onion},
        {"ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p", Network::i2p},
        {"name.i2p", Network::i2p},
        {".onion", std::nullopt},
        {"onion", std::nullopt},
        {"example.org", std::nullopt},
        {"127.0.0.1", std::nullopt},
        {"10.1.2.3", std::nullopt},
        {"192.168.1.1", std::nullopt},
        {"172.16.0.1", std::nullopt},
        {"172.32.0.1", Network::ipv4},
        {"100.64.0.1", Network::ipv4},
        {"::1", std::nullopt},
        {"::", std::nullopt},
        {"fe80::1%eth0", std::nullopt},
        {"fd00::1", std::nullopt},
        {"fc00::1", std::nullopt},
    };
    for (const auto& [host, network] : cases) EXPECT_EQ(network_of(host, false), network) << host;
    EXPECT_EQ(network_of("fc00::1", true), Network::cjdns);
    EXPECT_EQ(network_of("fd00::1", true), std::nullopt);
    for (const Network network : kNetworks) EXPECT_EQ(parse_network(to_string(network)), network);
    EXPECT_EQ(parse_network("Onion"), Network::onion);
    EXPECT_EQ(parse_network("tor"), std::nullopt);
    EXPECT_EQ(parse_network(""), std::nullopt);
}

TEST(Proxies, route_without_a_proxy_never_looks_onions_up) {
    expect_routes(Proxies{}, {{"1.2.3.4", Kind::direct},
                              {"2a01::1", Kind::direct},
                              {"127.0.0.1", Kind::direct},
                              {"example.org", Kind::look_up},
                              {kOnion, Kind::refused},
                              {"typo.onion", Kind::refused},
                              {"Name.Onion.", Kind::refused},
                              {"name.i2p", Kind::refused}});
}

TEST(Proxies, route_with_a_proxy_for_all_networks_gives_it_everything_but_private_addresses) {
    Proxies proxies;
    for (const Network network : {Network::ipv4, Network::ipv6, Network::onion, Network::cjdns})
        proxies.networks[network] = proxy("127.0.0.1:9050");
    proxies.names = proxy("127.0.0.1:9050");
    expect_routes(proxies, {{"1.2.3.4", Kind::proxied, "127.0.0.1:9050"},
                            {"203.0.113.1", Kind::proxied, "127.0.0.1:9050"},
                            {"224.0.0.1", Kind::proxied, "127.0.0.1:9050"},
                            {"2a01::1", Kind::proxied, "127.0.0.1:9050"},
                            {"2002:102:304::1", Kind::proxied, "127.0.0.1:9050"},
                            {"64:ff9b::1.2.3.4", Kind::proxied, "127.0.0.1:9050"},
                            {"example.org", Kind::proxied, "127.0.0.1:9050"},
                            {"localhost", Kind::proxied, "127.0.0.1:9050"},
                            {"1.2.3.999", Kind::proxied, "127.0.0.1:9050"},
                            {"0x7f000001", Kind::proxied, "127.0.0.1:9050"},
                            {kOnion, Kind::proxied, "127.0.0.1:9050"},
                            {"127.0.0.1", Kind::direct},
                            {"192.168.1.1", Kind::direct},
                            {"fc00::1", Kind::direct},
                            {"name.i2p", Kind::refused}});
    proxies.cjdns_reachable = true;
    expect_routes(proxies, {{"fc00::1", Kind::proxied, "127.0.0.1:9050"}});
}

TEST(Proxies, route_follows_each_network) {
    Proxies proxies;
    proxies.networks[Network::ipv6] = proxy("127.0.0.6:6");
    proxies.networks[Network::onion] = proxy("unix:/run/tor");
    expect_routes(proxies, {{"1.2.3.4", Kind::direct},
                            {"2a01::1", Kind::proxied, "127.0.0.6:6"},
                            {kOnion, Kind::proxied, "unix:/run/tor"},
                            {"example.org", Kind::look_up}});
    EXPECT_EQ(proxies.route(kOnion).proxy.unix_path(), "/run/tor");
    EXPECT_EQ(proxies.route("2a01::1").proxy.unix_path(), "");
    proxies.cjdns_reachable = true;
    proxies.networks[Network::i2p] = proxy("127.0.0.1:7656");
    expect_routes(proxies,
                  {{"fc00::1", Kind::direct}, {"name.i2p", Kind::proxied, "127.0.0.1:7656"}});
}

}  // namespace
}  // namespace parley
