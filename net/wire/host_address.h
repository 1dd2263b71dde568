// HostAddress: where a node can be reached, without its port, in any of the networks of BIP155: a
// numeric IPv4 or IPv6 address, the key of an onion service (version 3), the hash of an I2P
// destination, or an address in CJDNS. It does not resolve names. Thread-safe: a value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/serialize.h"
#include "net/wire/ip_address.h"
#include "net/wire/network.h"

namespace parley {

class HostAddress {
 public:
    using Key = std::array<uint8_t, 32>;

    /// The unspecified address "::".
    HostAddress() = default;
    HostAddress(const IpAddress& ip) : ip_(ip) {}  // every one of them is such an address
    /// The public key of an onion service.
    static HostAddress onion(const Key& key) { return {Kind::onion, {}, key}; }
    static HostAddress i2p(const Key& hash) { return {Kind::i2p, {}, hash}; }
    /// REQUIRES: ip.is_cjdns().
    static HostAddress cjdns(const IpAddress& ip);

    /// Numeric, or a complete name in .onion or .b32.i2p. `cjdns`: addresses in fc00::/8 are of
    /// CJDNS. Empty: anything else, also a bad checksum in the name of an onion service.
    static std::optional<HostAddress> parse(std::string_view text, bool cjdns);
    std::string to_string() const;

    /// By its form; see is_routable().
    Network network() const;
    /// Empty: of a network without IP addresses.
    std::optional<IpAddress> ip() const;
    /// Four bytes of IPv4, 16 of IPv6 and CJDNS, otherwise 32: as in BIP155.
    ByteSpan bytes() const;

    /// Every node of its network can reach it.
    bool is_routable() const;
    /// The network group, likely to belong to one operator: the /16 of IPv4, the /32 of IPv6 (the
    /// /36 of the range that gives those away), 12 bits of CJDNS, 4 bits of other keys, which cost
    /// nothing. The first byte is bitcoind's number of the
    /// network.
    Bytes group() const;

    auto operator<=>(const HostAddress&) const = default;

 private:
    enum class Kind : uint8_t { ip, onion, i2p, cjdns };

    HostAddress(Kind kind, const IpAddress& ip, const Key& key) : kind_(kind), ip_(ip), key_(key) {}

    Kind kind_ = Kind::ip;
    IpAddress ip_;  ///< of kinds `ip` and `cjdns`
    Key key_{};     ///< of the others
};

/// BIP155: network number, length, bytes.
void write_host_v2(Writer& writer, const HostAddress& host);
/// Empty: of a network that this node does not speak, unless the reader has failed.
std::optional<HostAddress> read_host_v2(Reader& reader);

}  // namespace parley
