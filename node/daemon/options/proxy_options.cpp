#include "node/daemon/options/proxy_options.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "net/wire/ip_address.h"

namespace parley {
namespace {

/// Tor's.
constexpr uint16_t kDefaultProxyPort = 9050;
constexpr uint16_t kDefaultSamPort = 7656;
constexpr std::string_view kUnixPrefix = "unix:";

bool is_unix_socket(std::string_view text) {
    return text.starts_with(kUnixPrefix) && text.size() > kUnixPrefix.size() &&
           text.size() - kUnixPrefix.size() < sizeof(sockaddr_un::sun_path);
}

// A numeric address, or a host name as RFC 1123 writes it: labels of letters, digits and hyphens,
// the last of which is no number.
bool is_host(std::string_view host) {
    if (IpAddress::parse(host)) return true;
    std::string_view label;
    while (true) {
        const size_t dot = std::min(host.find('.'), host.size());
        label = host.substr(0, dot);
        const bool good = std::ranges::all_of(label, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   c == '-' || c == '_';
        });
        if (label.empty() || label.size() > 63 || !good) return false;
        if (dot == host.size()) break;
        host.remove_prefix(dot + 1);
    }
    return label.find_first_not_of("0123456789") != std::string_view::npos;
}

// What stands behind the host's colon is no port.
bool has_bad_port(std::string_view text) {
    if (parse_endpoint(text, 1)) return false;
    const size_t colon = text.rfind(':');
    return colon != std::string_view::npos && parse_endpoint(text.substr(0, colon), 1).has_value();
}

/// `value`: all that the user wrote for the option; `text`: the part of it that names the proxy.
Proxy read_proxy(OptionReader& reader, std::string_view option, std::string_view value,
                 std::string_view text) {
    const bool randomize = reader.flag("proxyrandomize", true);
    if (is_unix_socket(text)) return {std::string(text), randomize};
    const bool names_socket = text.starts_with(kUnixPrefix);
    const auto endpoint = parse_endpoint(text, kDefaultProxyPort);
    if (!names_socket && has_bad_port(text)) {
        reader.fail(fmt::format("Invalid port specified in -{}: '{}'", option, value));
    } else if (names_socket || !endpoint || !is_host(endpoint->host)) {
        reader.fail(fmt::format("Invalid -{} address or hostname: '{}'", option, text));
    } else {
        return {to_string(*endpoint), randomize};
    }
    return {};
}

Proxy read_router(OptionReader& reader, const std::string& value) {
    const auto endpoint = parse_endpoint(value, kDefaultSamPort);
    if (has_bad_port(value))
        reader.fail(fmt::format("Invalid port specified in -i2psam: '{}'", value));
    else if (!endpoint || !is_host(endpoint->host))
        reader.fail(fmt::format("Invalid -i2psam address or hostname: '{}'", value));
    else
        return {to_string(*endpoint), false};
    return {};
}

// Later ones replace what earlier ones said about a network.
void read_general_proxies(OptionReader& reader, Proxies& proxies) {
    for (const std::string& value : reader.list("proxy")) {
        const size_t equals = value.rfind('=');
        const std::string_view text = std::string_view(value).substr(0, equals);
        const std::string_view name =
            equals == std::string::npos ? "" : std::string_view(value).substr(equals + 1);
        if (value.empty())
            return reader.fail(
                "Can not set -proxy with no value. Please specify value with -proxy=value.");
        if (equals != std::string::npos && name.empty())
            return reader.fail(
                fmt::format("Invalid -proxy address or hostname, ends with '=': '{}'", value));
        const Proxy proxy =
            text.empty() || text == "0" ? Proxy{} : read_proxy(reader, "proxy", value, text);
        const auto network = name == "tor" ? Network::onion : parse_network(name);
        if (name.empty()) {
            for (const Network each :
                 {Network::ipv4, Network::ipv6, Network::onion, Network::cjdns})
                proxies.networks[each] = proxy;
            proxies.names = proxy;
        } else if (!network || network == Network::i2p) {
            return reader.fail(
                fmt::format("Unrecognized network in -proxy='{}': '{}'", value, name));
        } else {
            proxies.networks[*network] = proxy;
            if (network == Network::ipv4 || network == Network::ipv6) proxies.names = proxy;
        }
    }
}

// Empty without -onlynet.
std::optional<PerNetwork<bool>> read_only_networks(OptionReader& reader) {
    const std::vector<std::string> names = reader.list("onlynet");
    if (names.empty()) return std::nullopt;
    PerNetwork<bool> result;
    for (const std::string& name : names) {
        if (const auto network = parse_network(name))
            result[*network] = true;
        else
            reader.fail(fmt::format("Unknown network specified in -onlynet: '{}'", name));
    }
    return result;
}

bool onion_is_forbidden(OptionReader& reader) {
    return reader.text("onion") == "0" || (reader.has("onion") && reader.list("onion").empty());
}

void check_only_networks(OptionReader& reader, const PerNetwork<bool>& only,
                         const Proxies& proxies) {
    if (only[Network::cjdns] && !proxies.cjdns_reachable)
        reader.fail(
            "Outbound connections restricted to CJDNS (-onlynet=cjdns) but -cjdnsreachable is not "
            "provided");
    if (reader.flag("dnsseed") && !only[Network::ipv4] && !only[Network::ipv6])
        reader.fail(
            "Incompatible options: -dnsseed=1 was explicitly specified, but -onlynet forbids "
            "connections to IPv4/IPv6");
    if (only[Network::onion] && !proxies.networks[Network::onion].is_set()) {
        constexpr std::string_view kTor =
            "Outbound connections restricted to Tor (-onlynet=onion) but the proxy for reaching "
            "the Tor network is";
        if (onion_is_forbidden(reader))
            reader.fail(fmt::format("{} explicitly forbidden: -onion=0", kTor));
        else if (!reader.flag("listenonion"))
            reader.fail(fmt::format(
                "{} not provided: none of -proxy, -onion or -listenonion is given", kTor));
    }
    if (only[Network::i2p] && !proxies.networks[Network::i2p].is_set())
        reader.fail(
            "Outbound connections restricted to i2p (-onlynet=i2p) but -i2psam is not provided");
}

}  // namespace

void read_networks(OptionReader& reader, NetOptions& net) {
    Proxies& proxies = net.proxies;
    proxies.cjdns_reachable = reader.flag("cjdnsreachable");
    const auto only = read_only_networks(reader);
    read_general_proxies(reader, proxies);
    const std::string onion = reader.text("onion");
    if (onion_is_forbidden(reader))
        proxies.networks[Network::onion] = {};
    else if (!onion.empty())
        proxies.networks[Network::onion] = read_proxy(reader, "onion", onion, onion);
    if (const std::string router = reader.text("i2psam"); !router.empty() && router != "0")
        proxies.networks[Network::i2p] = read_router(reader, router);
    if (only) check_only_networks(reader, *only, proxies);
    const auto allowed = [&](Network network) { return !only || (*only)[network]; };
    net.reachable[Network::ipv4] = allowed(Network::ipv4);
    net.reachable[Network::ipv6] = allowed(Network::ipv6);
    net.reachable[Network::onion] =
        allowed(Network::onion) && proxies.networks[Network::onion].is_set();
    net.reachable[Network::i2p] = allowed(Network::i2p) && proxies.networks[Network::i2p].is_set();
    net.reachable[Network::cjdns] = allowed(Network::cjdns) && proxies.cjdns_reachable;
}

PeerBinds read_peer_binds(OptionReader& reader, uint16_t port) {
    constexpr std::string_view kOnion = "=onion";
    constexpr uint16_t kPortMax = 65535;
    PeerBinds result;
    for (const std::string& value : reader.list("bind")) {
        const bool onion = value.ends_with(kOnion);
        const auto text =
            std::string_view(value).substr(0, value.size() - (onion ? kOnion.size() : 0));
        const auto default_port = static_cast<uint16_t>(port + (onion && port < kPortMax ? 1 : 0));
        const auto endpoint = parse_endpoint(text, default_port);
        if (has_bad_port(text))
            reader.fail(fmt::format("Invalid port specified in -bind: '{}'", value));
        else if (!endpoint || !IpAddress::parse(endpoint->host))
            reader.fail(fmt::format("Cannot resolve -bind address: '{}'", value));
        else
            (onion ? result.onion_binds : result.binds).push_back(*endpoint);
    }
    // As in bitcoind: where Tor would be told to send what arrives at an onion service.
    if (result.binds.empty() && result.onion_binds.empty() && port < kPortMax)
        result.onion_binds.push_back({"127.0.0.1", static_cast<uint16_t>(port + 1)});
    return result;
}

namespace {

// -connect, also as -connect=0, or no automatic connections at all.
bool connects_to_chosen_peers(OptionReader& reader) {
    return reader.has("connect") || reader.number("maxconnections").value_or(1) <= 0;
}

bool has_proxy(OptionReader& reader) {
    const std::string proxy = reader.text("proxy");
    return !proxy.empty() && proxy != "0";
}

bool decides_on_listening(OptionReader& reader) {
    return reader.has("listen") || reader.has("bind") || reader.has("whitebind");
}

bool only_excludes_internet(OptionReader& reader) {
    const std::vector<std::string> only = reader.list("onlynet");
    return !only.empty() && std::ranges::none_of(only, [](const std::string& name) {
        const auto network = parse_network(name);
        return network == Network::ipv4 || network == Network::ipv6;
    });
}

}  // namespace

bool stops_listening(OptionReader& reader) {
    return !decides_on_listening(reader) && (connects_to_chosen_peers(reader) || has_proxy(reader));
}

bool seeds_by_dns(OptionReader& reader) {
    if (reader.has("connect") || only_excludes_internet(reader)) return false;
    return reader.flag("dnsseed", !connects_to_chosen_peers(reader));
}

std::vector<std::string> network_notes(OptionReader& reader) {
    std::vector<std::string> notes;
    if (connects_to_chosen_peers(reader)) {
        constexpr std::string_view kCause =
            "parameter interaction: -connect or -maxconnections=0 set -> setting";
        if (!reader.has("dnsseed")) notes.push_back(fmt::format("{} -dnsseed=0", kCause));
        if (stops_listening(reader)) notes.push_back(fmt::format("{} -listen=0", kCause));
    } else if (stops_listening(reader)) {
        notes.emplace_back("parameter interaction: -proxy set -> setting -listen=0");
    }
    if (has_proxy(reader) && !reader.has("discover"))
        notes.emplace_back("parameter interaction: -proxy set -> setting -discover=0");
    if (only_excludes_internet(reader) && !reader.has("dnsseed"))
        notes.emplace_back(
            "parameter interaction: -onlynet excludes IPv4 and IPv6 -> setting -dnsseed=0");
    if (reader.has("connect")) {
        const std::vector<std::string> peers = reader.list("connect");
        const bool any = !peers.empty() && peers != std::vector<std::string>{"0"};
        if (any && !reader.list("seednode").empty())
            notes.emplace_back("-seednode is ignored when -connect is used");
        if (reader.flag("dnsseed"))
            notes.push_back(fmt::format("-dnsseed is ignored when -connect is used{}",
                                        reader.has("proxy") ? " and -proxy is specified" : ""));
    }
    for (const std::string& peer : reader.list("addnode")) {
        if (peer.find_first_not_of(" \t") == std::string::npos)
            notes.emplace_back("Warning: Ignoring empty -addnode value");
    }
    if (!seeds_by_dns(reader)) notes.emplace_back("DNS seeding disabled");
    const std::vector<std::string> only = reader.list("onlynet");
    const bool only_onion = std::ranges::find(only, "onion") != only.end();
    if (only_onion && reader.list("proxy").empty() && reader.text("onion").empty())
        notes.emplace_back(
            "Warning: -listenonion is accepted and has no effect in Parley: peers of the Tor "
            "network are not reached without -onion or -proxy");
    return notes;
}

}  // namespace parley
