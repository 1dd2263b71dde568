// Permissions: what some peers may do that others may not, given by -whitelist and -whitebind
// (bitcoind's names and rules). Parsing and values only; each part of the protocol looks at the
// permissions of its peer. Thread-safe: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "net/wire/endpoint.h"
#include "net/wire/subnet.h"

namespace parley {

struct Permissions {
    bool bloom_filter = false;
    bool no_ban = false;       ///< neither banned, punished nor evicted; announcements at once
    bool relay = false;        ///< transactions are accepted even with -blocksonly
    bool force_relay = false;  ///< its transactions are announced even if they are not new
    bool mempool = false;      ///< may send `mempool`
    bool download = false;     ///< is served headers and old blocks at any time
    bool addresses = false;    ///< its addr messages are not limited

    Permissions& operator|=(const Permissions& other);
    bool operator==(const Permissions&) const = default;
    /// getpeerinfo's names, in bitcoind's order.
    std::vector<std::string> names() const;
};

/// One -whitelist: for peers in a network.
struct WhitelistRule {
    /// Nothing was named: what -whitelistrelay and -whitelistforcerelay say, and `noban`,
    /// `mempool`.
    bool implicit = false;
    Permissions permissions;
    bool inbound = true;
    bool outbound = false;
    Subnet subnet;

    /// "[permissions@]network". The error is bitcoind's text.
    static Expected<WhitelistRule, std::string> parse(const std::string& text);
};

/// One -whitebind: for inbound peers of a listening address.
struct WhitebindRule {
    bool implicit = false;
    Permissions permissions;
    Endpoint address;

    /// "[permissions@]address:port". The error is bitcoind's text.
    static Expected<WhitebindRule, std::string> parse(const std::string& text);
};

}  // namespace parley
