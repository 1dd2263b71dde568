// Subnet: an IPv4 or IPv6 address, or a network of addresses, as options and RPC methods name them.
// Thread-safe: a value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/wire/ip_address.h"

namespace parley {

class Subnet {
 public:
    /// "1.2.3.4", "1.2.3.0/24", "1.2.3.0/255.255.255.0", "::1", "fe80::/10".
    static std::optional<Subnet> parse(std::string_view text);

    bool contains(const IpAddress& address) const;
    /// `address` is numeric; false if it is malformed.
    bool contains(std::string_view address) const;

 private:
    IpAddress network_;
    std::array<uint8_t, 16> mask_{};
};

}  // namespace parley
