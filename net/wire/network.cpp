#include "net/wire/network.h"

#include <algorithm>

#include "net/wire/ip_address.h"

namespace parley {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool same_letters(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_below(std::string_view host, std::string_view domain) {
    if (host.ends_with('.')) host.remove_suffix(1);  // the root, which may be written
    return host.size() > domain.size() &&
           same_letters(host.substr(host.size() - domain.size()), domain);
}

}  // namespace

std::string_view to_string(Network network) {
    switch (network) {
        case Network::ipv4:
            return "ipv4";
        case Network::ipv6:
            return "ipv6";
        case Network::onion:
            return "onion";
        case Network::i2p:
            return "i2p";
        case Network::cjdns:
            return "cjdns";
    }
    return "";
}

std::optional<Network> parse_network(std::string_view name) {
    for (const Network network : kNetworks) {
        if (same_letters(name, to_string(network))) return network;
    }
    return std::nullopt;
}

std::optional<Network> network_of(std::string_view host, bool cjdns) {
    if (is_below(host, ".onion")) return Network::onion;
    if (is_below(host, ".i2p")) return Network::i2p;
    const auto ip = IpAddress::parse(host.substr(0, host.find('%')));  // without a zone
    if (!ip) return std::nullopt;
    if (cjdns && ip->is_cjdns()) return Network::cjdns;
    if (ip->is_local()) return std::nullopt;
    return ip->is_ipv4() ? Network::ipv4 : Network::ipv6;
}

}  // namespace parley
