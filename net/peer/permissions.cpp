#include "net/peer/permissions.h"

#include <algorithm>
#include <string_view>

#include "net/wire/ip_address.h"

namespace parley {
namespace {

// The part before the '@', parsed.
struct Prefix {
    bool implicit = true;
    Permissions permissions;
    bool inbound = false;
    bool outbound = false;
    std::string rest;  ///< after the '@'
};

bool grant(Permissions& permissions, std::string_view name) {
    const bool all = name == "all";
    bool known = all;
    const auto add = [&](bool& permission, std::string_view own) {
        if (!all && name != own) return;
        permission = true;
        known = true;
    };
    add(permissions.bloom_filter, "bloomfilter");
    add(permissions.bloom_filter, "bloom");
    add(permissions.no_ban, "noban");
    add(permissions.force_relay, "forcerelay");
    add(permissions.mempool, "mempool");
    add(permissions.download, "download");
    add(permissions.relay, "relay");
    add(permissions.addresses, "addr");
    // Each includes what it would be useless without.
    permissions.download |= permissions.no_ban;
    permissions.relay |= permissions.force_relay;
    return known;
}

Expected<Prefix, std::string> parse_prefix(const std::string& text) {
    Prefix result;
    const size_t at = text.find('@');
    result.rest = at == std::string::npos ? text : text.substr(at + 1);
    if (at == std::string::npos) return result;
    result.implicit = false;
    const std::string_view list = std::string_view(text).substr(0, at);
    for (size_t begin = 0; begin <= list.size();) {
        const size_t comma = std::min(list.find(',', begin), list.size());
        const std::string_view name = list.substr(begin, comma - begin);
        begin = comma + 1;
        if (name == "in")
            result.inbound = true;
        else if (name == "out")
            result.outbound = true;
        else if (!name.empty() && !grant(result.permissions, name))
            return Unexpected("Invalid P2P permission: '" + std::string(name) + "'");
    }
    if ((result.inbound || result.outbound) && result.permissions == Permissions{})
        return Unexpected("Only direction was set, no permissions: '" + std::string(list) + "'");
    return result;
}

}  // namespace

Permissions& Permissions::operator|=(const Permissions& other) {
    bloom_filter |= other.bloom_filter;
    no_ban |= other.no_ban;
    relay |= other.relay;
    force_relay |= other.force_relay;
    mempool |= other.mempool;
    download |= other.download;
    addresses |= other.addresses;
    return *this;
}

std::vector<std::string> Permissions::names() const {
    std::vector<std::string> names;
    if (bloom_filter) names.emplace_back("bloomfilter");
    if (no_ban) names.emplace_back("noban");
    if (force_relay) names.emplace_back("forcerelay");
    if (relay) names.emplace_back("relay");
    if (mempool) names.emplace_back("mempool");
    if (download) names.emplace_back("download");
    if (addresses) names.emplace_back("addr");
    return names;
}

Expected<WhitelistRule, std::string> WhitelistRule::parse(const std::string& text) {
    const auto prefix = parse_prefix(text);
    if (!prefix) return Unexpected(prefix.error());
    const auto subnet = Subnet::parse(prefix->rest);
    if (!subnet)
        return Unexpected("Invalid netmask specified in -whitelist: '" + prefix->rest + "'");
    return WhitelistRule{prefix->implicit, prefix->permissions,
                         prefix->inbound || !prefix->outbound, prefix->outbound, *subnet};
}

Expected<WhitebindRule, std::string> WhitebindRule::parse(const std::string& text) {
    const auto prefix = parse_prefix(text);
    if (!prefix) return Unexpected(prefix.error());
    if (prefix->outbound)
        return Unexpected(std::string(
            "whitebind may only be used for incoming connections (\"out\" was passed)"));
    const auto address = parse_endpoint(prefix->rest, 0);
    if (!address || !IpAddress::parse(address->host))
        return Unexpected("Cannot resolve -whitebind address: '" + prefix->rest + "'");
    if (address->port == 0)
        return Unexpected("Need to specify a port with -whitebind: '" + prefix->rest + "'");
    return WhitebindRule{prefix->implicit, prefix->permissions, *address};
}

}  // namespace parley
