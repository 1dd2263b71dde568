// Endpoint: where to dial, as the user or an addr message named it. The host resolves names; the
// core never does.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace parley {

struct Endpoint {
    std::string host;  ///< numeric IPv4 or IPv6 without brackets, or a name
    uint16_t port = 0;

    auto operator<=>(const Endpoint&) const = default;
};

/// "127.0.0.1:18444", "[::1]:18444".
std::string to_string(const Endpoint& endpoint);

}  // namespace parley
