#include "net/wire/endpoint.h"

#include <algorithm>
#include <charconv>

#include "net/wire/network.h"

namespace parley {

namespace {

/// A DNS name is at most this long (RFC 1035, section 2.3.4).
constexpr size_t kHostSizeMax = 255;

std::optional<uint16_t> parse_port(std::string_view text) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

bool is_host_character(char c) {
    return c > ' ' && c < 0x7f && c != '[' && c != ']' && c != '/';
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
    const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
           std::to_string(endpoint.port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port) {
    std::string_view host = text;
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const size_t close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        host = text.substr(1, close - 1);
        const std::string_view tail = text.substr(close + 1);
        if (!tail.empty() && tail.front() != ':') return std::nullopt;
        has_port = !tail.empty();
        if (has_port) port = tail.substr(1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        const size_t colon = text.find(':');
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        has_port = true;
    }
    if (host.empty() || host.size() > kHostSizeMax ||
        !std::all_of(host.begin(), host.end(), is_host_character))
        return std::nullopt;
    Endpoint endpoint{std::string(host), default_port};
    if (network_of(host, false) == Network::i2p) {
        endpoint.port = 0;  // it has no ports
    } else if (has_port) {
        const auto number = parse_port(port);
        if (!number) return std::nullopt;
        endpoint.port = *number;
    }
    return endpoint;
}

}  // namespace parley
