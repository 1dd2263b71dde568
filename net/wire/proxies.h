// Proxies: which SOCKS5 proxy a connection goes through. The rule that protects the user: what a
// proxy is set for is never dialled around it, and names are not looked up here where a proxy can
// do it. Used by the host that dials, and shown by getnetworkinfo. Thread-safe: values.
#pragma once

#include <string>
#include <string_view>

#include "net/wire/network.h"

namespace parley {

struct Proxy {
    std::string address;  ///< "127.0.0.1:9050" or "unix:/path"; empty: no proxy
    /// Credentials of its own for each connection: Tor then uses another circuit for each.
    bool randomize_credentials = true;

    bool is_set() const { return !address.empty(); }
    /// The path of its socket. Empty: it is reached by TCP.
    std::string_view unix_path() const;
    bool operator==(const Proxy&) const = default;
};

/// How one target is reached.
struct Route {
    enum class Kind : uint8_t {
        direct,   ///< a numeric address, without a proxy
        look_up,  ///< a name, to be looked up; each of its addresses has a route of its own
        proxied,  ///< the proxy gets the target as it is written
        refused,
    };
    Kind kind = Kind::refused;
    Proxy proxy = {};
    std::string reason = {};  ///< why it is refused
};

struct Proxies {
    PerNetwork<Proxy> networks;  ///< of I2P: the router, which speaks SAM and not SOCKS5
    Proxy names;                 ///< for names that must be looked up
    /// -cjdnsreachable: this machine has an address in fc00::/8, which then is not private.
    bool cjdns_reachable = false;

    /// `host` is numeric or a name.
    Route route(std::string_view host) const;
    bool operator==(const Proxies&) const = default;
};

}  // namespace parley
