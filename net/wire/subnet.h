// Subnet: an IPv4 or IPv6 address, or a network of addresses, as options and RPC methods name them.
// Thread-safe: a value.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "net/wire/ip_address.h"

namespace parley {

class Subnet {
 public:
    /// A single address.
    explicit Subnet(const IpAddress& address) : network_(address) {}
    /// "1.2.3.4", "1.2.3.0/24", "1.2.3.0/255.255.255.0", "::1", "[::1]", "fe80::/10". Bits of the
    /// address outside the mask are dropped. Empty: malformed, or a mask with holes.
    static std::optional<Subnet> parse(std::string_view text);
    /// "1.2.3.0/24"; a single address ends in /32 or /128.
    std::string to_string() const;

    bool contains(const IpAddress& address) const;
    /// The same for text; false if it is malformed.
    bool contains(std::string_view address) const;

    auto operator<=>(const Subnet&) const = default;

 private:
    static constexpr int kBits = 128;  ///< IPv4 is mapped into IPv6
    static constexpr int kBitsOfIpv4 = 32;

    Subnet(const IpAddress& network, int bits);

    IpAddress network_;
    int bits_ = kBits;  ///< leading bits that all addresses have in common
};

}  // namespace parley
