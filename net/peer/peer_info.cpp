#include "net/peer/peer_info.h"

#include "net/wire/ip_address.h"

namespace parley {

const char* to_string(ConnectionType type) {
    switch (type) {
        case ConnectionType::inbound:
            return "inbound";
        case ConnectionType::manual:
            return "manual";
        case ConnectionType::outbound_full_relay:
            return "outbound-full-relay";
        case ConnectionType::block_relay_only:
            return "block-relay-only";
        case ConnectionType::address_fetch:
            return "addr-fetch";
        case ConnectionType::feeler:
            return "feeler";
    }
    return "";
}

std::string network_name(const Endpoint& endpoint, bool cjdns) {
    const auto network = network_of(endpoint.host, cjdns);
    const auto ip = IpAddress::parse(endpoint.host);
    const bool unroutable = ip && network != Network::cjdns && !ip->is_routable();
    return network && !unroutable ? std::string(to_string(*network)) : "not_publicly_routable";
}

}  // namespace parley
