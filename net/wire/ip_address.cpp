#include "net/wire/ip_address.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include "base/check.h"

namespace parley {

namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Range {
    std::array<uint8_t, 4> start;
    int bits;
};

/// IANA's special-purpose IPv4 registry, as far as an address there cannot be dialled publicly.
constexpr Range kIpv4NotRoutable[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},    {{100, 64, 0, 0}, 10},   {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 24},    {{192, 0, 2, 0}, 24},
    {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24}, {{203, 0, 113, 0}, 24},
    {{224, 0, 0, 0}, 3},
};

/// As bitcoind sees it, and multicast. The first bytes of an address.
constexpr struct Ipv6Range {
    std::array<uint8_t, 16> start;
    int bits;
} kIpv6NotRoutable[] = {
    {{}, 127},                       // unspecified, loopback
    {{0x20, 0x01, 0x00, 0x10}, 28},  // ORCHID
    {{0x20, 0x01, 0x00, 0x20}, 28},  // ORCHIDv2
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0xfc}, 7},                     // unique local
    {{0xfe, 0x80}, 10},              // link-local
    {{0xff}, 8},                     // multicast
};

constexpr Range kIpv4Local[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},    {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 168, 0, 0}, 16},
};

bool in_range(ByteSpan address, ByteSpan start, int bits) {
    for (size_t i = 0; bits > 0; ++i, bits -= 8) {
        const int unused = bits >= 8 ? 0 : 8 - bits;
        if ((address[i] >> unused) != (start[i] >> unused)) return false;
    }
    return true;
}

std::optional<std::array<uint8_t, 4>> parse_ipv4(std::string_view text) {
    std::array<uint8_t, 4> bytes{};
    for (size_t i = 0; i < 4; ++i) {
        const size_t dot = i < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos || dot == 0 || dot > 3) return std::nullopt;
        const std::string_view part = text.substr(0, dot);
        if (part.size() > 1 && part[0] == '0') return std::nullopt;  // octal to some readers
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), bytes[i]);
        if (error != std::errc{} || end != part.data() + part.size()) return std::nullopt;
        text.remove_prefix(i < 3 ? dot + 1 : dot);
    }
    return text.empty() ? std::optional(bytes) : std::nullopt;
}

/// Appends the 16-bit groups of a colon-separated list; at an address's end the last part may be
/// IPv4 and counts as two. False: bad.
bool parse_groups(std::string_view text, bool at_end, std::vector<uint16_t>& groups) {
    while (!text.empty()) {
        const size_t colon = std::min(text.find(':'), text.size());
        const std::string_view part = text.substr(0, colon);
        if (part.find('.') != std::string_view::npos) {
            const auto tail = parse_ipv4(part);
            if (!tail || !at_end || colon != text.size()) return false;
            groups.push_back(static_cast<uint16_t>((*tail)[0] << 8 | (*tail)[1]));
            groups.push_back(static_cast<uint16_t>((*tail)[2] << 8 | (*tail)[3]));
        } else {
            uint16_t group = 0;
            const auto [end, error] =
                std::from_chars(part.data(), part.data() + part.size(), group, 16);
            if (part.empty() || part.size() > 4 || error != std::errc{} ||
                end != part.data() + part.size())
                return false;
            groups.push_back(group);
        }
        if (colon == text.size()) break;
        text.remove_prefix(colon + 1);
        if (text.empty() || groups.size() > 8) return false;
    }
    return groups.size() <= 8;
}

std::optional<std::array<uint8_t, 16>> parse_ipv6(std::string_view text) {
    std::vector<uint16_t> groups;
    const size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        if (!parse_groups(text, true, groups) || groups.size() != 8) return std::nullopt;
    } else {
        std::vector<uint16_t> tail;
        if (!parse_groups(text.substr(0, gap), false, groups) ||
            !parse_groups(text.substr(gap + 2), true, tail) || groups.size() + tail.size() > 7)
            return std::nullopt;
        groups.resize(8 - tail.size());
        groups.insert(groups.end(), tail.begin(), tail.end());
    }
    std::array<uint8_t, 16> bytes{};
    for (size_t i = 0; i < 8; ++i) {
        bytes[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
        bytes[2 * i + 1] = static_cast<uint8_t>(groups[i] & 0xff);
    }
    return bytes;
}

/// First group and length of the longest run of two or more zero groups; length 0: none.
std::pair<size_t, size_t> longest_zero_run(std::span<const uint16_t> groups) {
    std::pair<size_t, size_t> best{0, 0};
    for (size_t start = 0; start < groups.size(); ++start) {
        size_t end = start;
        while (end < groups.size() && groups[end] == 0) ++end;
        if (end - start > best.second && end - start > 1) best = {start, end - start};
    }
    return best;
}

}  // namespace

IpAddress IpAddress::from_ipv4(ByteSpan bytes) {
    CHECK(bytes.size() == 4);
    IpAddress address;
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes_.begin());
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + 12);
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.find(':') == std::string_view::npos) {
        const auto bytes = parse_ipv4(text);
        return bytes ? std::optional(from_ipv4(*bytes)) : std::nullopt;
    }
    const auto bytes = parse_ipv6(text);
    return bytes ? std::optional(IpAddress{*bytes}) : std::nullopt;
}

std::string IpAddress::to_string() const {
    if (is_ipv4()) {
        const ByteSpan part = ipv4();
        return std::to_string(part[0]) + "." + std::to_string(part[1]) + "." +
               std::to_string(part[2]) + "." + std::to_string(part[3]);
    }
    std::array<uint16_t, 8> groups{};
    for (size_t i = 0; i < 8; ++i)
        groups[i] = static_cast<uint16_t>(bytes_[2 * i] << 8 | bytes_[2 * i + 1]);
    const auto [gap_start, gap_length] = longest_zero_run(groups);
    std::string text;
    for (size_t i = 0; i < 8; ++i) {
        if (gap_length > 0 && i == gap_start) {
            text += "::";
            i += gap_length - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        std::array<char, 4> digits{};
        const auto result = std::to_chars(digits.data(), digits.data() + 4, groups[i], 16);
        text.append(digits.data(), result.ptr);
    }
    return text;
}

bool IpAddress::is_ipv4() const {
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const {
    if (is_ipv4()) return bytes_[12] == 127;
    return std::all_of(bytes_.begin(), bytes_.end() - 1, [](uint8_t b) { return b == 0; }) &&
           bytes_[15] == 1;
}

bool IpAddress::is_local() const {
    if (is_ipv4()) {
        return std::any_of(std::begin(kIpv4Local), std::end(kIpv4Local), [&](const Range& range) {
            return in_range(ipv4(), range.start, range.bits);
        });
    }
    const bool link_local = bytes_[0] == 0xfe && (bytes_[1] >> 6) == 2;
    const bool private_range = (bytes_[0] >> 1) == 0x7e;  // fc00::/7
    return link_local || private_range || is_loopback() || *this == IpAddress{};
}

bool IpAddress::is_routable() const {
    if (is_ipv4()) {
        return std::none_of(
            std::begin(kIpv4NotRoutable), std::end(kIpv4NotRoutable),
            [&](const Range& range) { return in_range(ipv4(), range.start, range.bits); });
    }
    return std::none_of(std::begin(kIpv6NotRoutable), std::end(kIpv6NotRoutable),
                        [&](const Ipv6Range& range) {
                            return in_range(ByteSpan{bytes_}, range.start, range.bits);
                        });
}

}  // namespace parley
