// HttpOptions: everything about the JSON-RPC server that the user can choose. Filled by
// daemon_options.cpp, read by HttpServer and HttpAuth. Plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/option_rows.h"
#include "base/time.h"
#include "net/wire/endpoint.h"

namespace parley {

struct HttpOptions {
    bool enabled = true;          ///< -server
    bool rest = false;            ///< -rest
    std::vector<Endpoint> binds;  ///< numeric addresses; never empty
    /// -rpcallowip, besides this machine: address, address/bits or address/mask.
    std::vector<std::string> allowed;
    std::string user;                       ///< -rpcuser
    std::string password;                   ///< -rpcpassword; empty: the cookie is used
    std::vector<std::string> auth;          ///< -rpcauth: <user>:<salt>$<HMAC-SHA256 in hex>
    std::vector<std::string> whitelist;     ///< -rpcwhitelist: see rpc::Whitelist
    std::optional<bool> whitelist_default;  ///< -rpcwhitelistdefault
    std::string cookie_file = ".cookie";    ///< empty: no cookie
    unsigned cookie_permissions = 0600;
    /// Connections at once. Each takes a descriptor and a few kilobytes, and a client usually needs
    /// only a few.
    size_t connections_max = 256;
    unsigned threads = 16;                        ///< requests that are answered at once
    unsigned work_queue_max = 64;                 ///< requests that wait for one of these threads
    Duration timeout = std::chrono::seconds{30};  ///< for an idle or slow connection

    static OptionRows<HttpOptions> rows();
};

}  // namespace parley
