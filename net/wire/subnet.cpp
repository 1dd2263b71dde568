#include "net/wire/subnet.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

namespace parley {
namespace {

// The number of leading ones. Empty: ones follow after a zero.
std::optional<int> leading_ones(ByteSpan mask) {
    int count = 0;
    bool ended = false;
    for (const uint8_t byte : mask) {
        const int ones = std::countl_one(byte);
        if ((ended && byte != 0) || static_cast<uint8_t>(byte << ones) != 0) return std::nullopt;
        count += ones;
        ended |= ones < 8;
    }
    return count;
}

// The number behind the slash, or that of a mask in the address's own form.
std::optional<int> parse_bits(std::string_view text, bool ipv4) {
    int bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (error == std::errc{} && end == text.data() + text.size()) {
        const bool fits = bits >= 0 && bits <= (ipv4 ? 32 : 128);
        return fits ? std::optional{bits} : std::nullopt;
    }
    const auto mask = IpAddress::parse(text);
    if (!mask || mask->is_ipv4() != ipv4) return std::nullopt;
    return leading_ones(ipv4 ? mask->ipv4() : ByteSpan{mask->bytes()});
}

}  // namespace

Subnet::Subnet(const IpAddress& network, int bits) : bits_(bits) {
    std::array<uint8_t, 16> bytes = network.bytes();
    for (int i = 0; i < static_cast<int>(bytes.size()); ++i) {
        const int here = std::min(8, std::max(0, bits - 8 * i));
        bytes[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xff00u >> here);
    }
    network_ = IpAddress{bytes};
}

std::optional<Subnet> Subnet::parse(std::string_view text) {
    const auto slash = text.find('/');
    std::string_view address = text.substr(0, slash);
    if (address.starts_with('[') && address.ends_with(']'))
        address = address.substr(1, address.size() - 2);
    const auto network = IpAddress::parse(address);
    if (!network) return std::nullopt;
    if (slash == std::string_view::npos) return Subnet{*network};
    const auto bits = parse_bits(text.substr(slash + 1), network->is_ipv4());
    if (!bits) return std::nullopt;
    return Subnet{*network, *bits + (network->is_ipv4() ? kBits - kBitsOfIpv4 : 0)};
}

std::string Subnet::to_string() const {
    // A network of IPv6 that contains all of IPv4 is none of IPv4.
    const bool ipv4 = network_.is_ipv4() && bits_ >= kBits - kBitsOfIpv4;
    return network_.to_string() + "/" +
           std::to_string(ipv4 ? bits_ - (kBits - kBitsOfIpv4) : bits_);
}

bool Subnet::contains(const IpAddress& address) const {
    return Subnet{address, bits_}.network_ == network_;
}

bool Subnet::contains(std::string_view address) const {
    const auto parsed = IpAddress::parse(address);
    return parsed && contains(*parsed);
}

}  // namespace parley
