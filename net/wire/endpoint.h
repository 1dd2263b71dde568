// Endpoint: an address to dial, as given by the user or an addr message. The host resolves names;
// the core never does.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

struct Endpoint {
    std::string host;  ///< numeric IPv4 or IPv6 without brackets, or a name
    uint16_t port = 0;

    auto operator<=>(const Endpoint&) const = default;
};

/// "127.0.0.1:18444", "[::1]:18444".
std::string to_string(const Endpoint& endpoint);

/// Parses "host", "host:port", "[v6]:port" or a bare IPv6 address. Empty: no host, an invalid port,
/// whitespace, or more than 255 characters. The port of a name under .i2p is 0.
std::optional<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port);

}  // namespace parley
