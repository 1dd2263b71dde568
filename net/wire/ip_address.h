// IpAddress: a numeric IPv4 or IPv6 address as 16 bytes (IPv4 in IPv4-mapped form), as on the wire.
// It does not resolve names. Thread-safe: a value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace parley {

class IpAddress {
 public:
    /// The unspecified address "::".
    IpAddress() = default;
    explicit IpAddress(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}
    /// REQUIRES: four bytes in network order.
    static IpAddress from_ipv4(ByteSpan bytes);

    /// Dotted IPv4, or IPv6 in any form of RFC 4291 section 2.2, without brackets or zone.
    static std::optional<IpAddress> parse(std::string_view text);
    /// Dotted IPv4, or the canonical IPv6 form of RFC 5952.
    std::string to_string() const;

    const std::array<uint8_t, 16>& bytes() const { return bytes_; }
    bool is_ipv4() const;
    /// The last four bytes. REQUIRES: is_ipv4().
    ByteSpan ipv4() const { return ByteSpan{bytes_}.subspan(12); }

    bool is_loopback() const;
    /// Of this machine or of a private network, where no proxy outside could reach it: loopback,
    /// link-local, the private ranges of RFC 1918 and of RFC 4193, unspecified.
    bool is_local() const;
    /// In fc00::/8, which CJDNS uses. Without CJDNS, it is a private range.
    bool is_cjdns() const { return bytes_[0] == 0xfc; }
    /// Reachable over the public internet: not in a private, local, documentation, test, shared,
    /// translation or multicast range.
    bool is_routable() const;

    auto operator<=>(const IpAddress&) const = default;

 private:
    std::array<uint8_t, 16> bytes_{};
};

}  // namespace parley
