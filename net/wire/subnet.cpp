#include "net/wire/subnet.h"

#include <algorithm>
#include <charconv>

namespace parley {

std::optional<Subnet> Subnet::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto network = IpAddress::parse(text.substr(0, slash));
    if (!network) return std::nullopt;
    Subnet result;
    result.network_ = *network;
    result.mask_.fill(0xff);
    if (slash == std::string_view::npos) return result;
    const bool ipv4 = network->is_ipv4();
    const std::string_view suffix = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), bits);
    if (error == std::errc{} && end == suffix.data() + suffix.size()) {
        if (bits > (ipv4 ? 32u : 128u)) return std::nullopt;
        if (ipv4) bits += 96;
        for (size_t i = 0; i < result.mask_.size(); ++i) {
            const unsigned here = std::min(8u, bits - std::min(bits, static_cast<unsigned>(8 * i)));
            result.mask_[i] = static_cast<uint8_t>(0xff00u >> here);
        }
    } else {
        const auto mask = IpAddress::parse(suffix);
        if (!mask || mask->is_ipv4() != ipv4) return std::nullopt;
        const size_t begin = ipv4 ? 12 : 0;
        std::copy(mask->bytes().begin() + begin, mask->bytes().end(), result.mask_.begin() + begin);
    }
    return result;
}

bool Subnet::contains(const IpAddress& address) const {
    for (size_t i = 0; i < mask_.size(); ++i) {
        if ((address.bytes()[i] ^ network_.bytes()[i]) & mask_[i]) return false;
    }
    return true;
}

bool Subnet::contains(std::string_view address) const {
    const auto parsed = IpAddress::parse(address);
    return parsed && contains(*parsed);
}

}  // namespace parley
