#include "net/wire/host_address.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "net/wire/sha3.h"

namespace parley {
namespace {

/// BIP155's network numbers; 3 was version 2 of onion services, which Tor no longer has.
constexpr uint8_t kNumberIpv4 = 1;
constexpr uint8_t kNumberIpv6 = 2;
constexpr uint8_t kNumberOnion = 4;
constexpr uint8_t kNumberI2p = 5;
constexpr uint8_t kNumberCjdns = 6;
constexpr size_t kBytesMax = 512;

constexpr std::string_view kOnionDomain = ".onion";
constexpr std::string_view kI2pDomain = ".b32.i2p";
constexpr uint8_t kOnionVersion = 3;
constexpr size_t kOnionChecksumSize = 2;

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

// RFC 4648 in small letters, without padding.
std::string base32_encode(ByteSpan bytes) {
    const auto digits = convert_bits(bytes, 8, 5, true);
    CHECK(digits.has_value());
    std::string text;
    for (const uint8_t digit : *digits) text += kBase32[digit];
    return text;
}

std::optional<Bytes> base32_decode(std::string_view text) {
    Bytes digits;
    for (const char c : text) {
        const size_t digit = kBase32.find(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
        if (digit == std::string_view::npos) return std::nullopt;
        digits.push_back(static_cast<uint8_t>(digit));
    }
    return convert_bits(digits, 5, 8, false);
}

/// What follows the key in the name of an onion service (Tor's rend-spec-v3, section 6).
Bytes onion_tail(const HostAddress::Key& key) {
    Bytes checked = to_bytes(as_bytes(".onion checksum"));
    append(checked, key);
    checked.push_back(kOnionVersion);
    const auto digest = sha3_256(checked);
    Bytes tail(digest.begin(), digest.begin() + kOnionChecksumSize);
    tail.push_back(kOnionVersion);
    return tail;
}

/// The first bytes of `bytes` as a key, if nothing but `tail_size` bytes follow.
std::optional<HostAddress::Key> key_before(ByteSpan bytes, size_t tail_size) {
    HostAddress::Key key{};
    if (bytes.size() != key.size() + tail_size) return std::nullopt;
    std::copy_n(bytes.begin(), key.size(), key.begin());
    return key;
}

std::optional<HostAddress> parse_onion(std::string_view name) {
    const auto bytes = base32_decode(name);
    if (!bytes) return std::nullopt;
    const auto key = key_before(*bytes, kOnionChecksumSize + 1);
    if (!key) return std::nullopt;
    const Bytes tail = onion_tail(*key);
    if (!std::equal(tail.begin(), tail.end(), bytes->begin() + key->size())) return std::nullopt;
    return HostAddress::onion(*key);
}

uint8_t number_of(Network network) {
    switch (network) {
        case Network::ipv4:
            return kNumberIpv4;
        case Network::ipv6:
            return kNumberIpv6;
        case Network::onion:
            return kNumberOnion;
        case Network::i2p:
            return kNumberI2p;
        case Network::cjdns:
            return kNumberCjdns;
    }
    return 0;
}

/// Zero: the network is not known, and its addresses have any size.
size_t size_of(uint8_t number) {
    switch (number) {
        case kNumberIpv4:
            return 4;
        case kNumberIpv6:
        case kNumberCjdns:
            return 16;
        case kNumberOnion:
        case kNumberI2p:
            return 32;
        default:
            return 0;
    }
}

IpAddress ip_of(ByteSpan raw) {
    std::array<uint8_t, 16> bytes{};
    std::copy_n(raw.begin(), bytes.size(), bytes.begin());
    return IpAddress{bytes};
}

/// The first `bits` bits; the others are ones, as bitcoind fills them.
void append_bits(Bytes& target, ByteSpan bytes, size_t bits) {
    append(target, bytes.first(bits / 8));
    if (bits % 8 > 0) target.push_back(static_cast<uint8_t>(bytes[bits / 8] | 0xff >> bits % 8));
}

}  // namespace

HostAddress HostAddress::cjdns(const IpAddress& ip) {
    CHECK(ip.is_cjdns());
    return {Kind::cjdns, ip, {}};
}

std::optional<HostAddress> HostAddress::parse(std::string_view text, bool cjdns) {
    if (const auto ip = IpAddress::parse(text))
        return cjdns && ip->is_cjdns() ? HostAddress::cjdns(*ip) : HostAddress(*ip);
    const auto ends_with = [&](std::string_view domain) {
        return text.size() > domain.size() &&
               std::ranges::equal(text.substr(text.size() - domain.size()), domain, {}, [](char c) {
                   return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
               });
    };
    if (ends_with(kOnionDomain))
        return parse_onion(text.substr(0, text.size() - kOnionDomain.size()));
    if (!ends_with(kI2pDomain)) return std::nullopt;
    const auto bytes = base32_decode(text.substr(0, text.size() - kI2pDomain.size()));
    const auto hash = bytes ? key_before(*bytes, 0) : std::nullopt;
    return hash ? std::optional(i2p(*hash)) : std::nullopt;
}

std::string HostAddress::to_string() const {
    switch (kind_) {
        case Kind::ip:
        case Kind::cjdns:
            return ip_.to_string();
        case Kind::onion: {
            Bytes name = to_bytes(ByteSpan{key_});
            append(name, onion_tail(key_));
            return base32_encode(name) + std::string(kOnionDomain);
        }
        case Kind::i2p:
            return base32_encode(key_) + std::string(kI2pDomain);
    }
    return {};
}

Network HostAddress::network() const {
    switch (kind_) {
        case Kind::ip:
            break;
        case Kind::onion:
            return Network::onion;
        case Kind::i2p:
            return Network::i2p;
        case Kind::cjdns:
            return Network::cjdns;
    }
    return ip_.is_ipv4() ? Network::ipv4 : Network::ipv6;
}

std::optional<IpAddress> HostAddress::ip() const {
    if (kind_ == Kind::onion || kind_ == Kind::i2p) return std::nullopt;
    return ip_;
}

ByteSpan HostAddress::bytes() const {
    if (kind_ == Kind::onion || kind_ == Kind::i2p) return ByteSpan{key_};
    return ip_.is_ipv4() ? ip_.ipv4() : ByteSpan{ip_.bytes()};
}

bool HostAddress::is_routable() const {
    return kind_ != Kind::ip || ip_.is_routable();
}

Bytes HostAddress::group() const {
    constexpr std::array<uint8_t, 4> kFreeTunnels{0x20, 0x01, 0x04, 0x70};
    constexpr size_t kKeyBits = 4;
    constexpr size_t kCjdnsBits = 12;  // the first 8 are the same for all
    Bytes group{static_cast<uint8_t>(static_cast<uint8_t>(network()) + 1)};  // bitcoind's numbers
    switch (network()) {
        case Network::ipv4:
            append_bits(group, bytes(), 16);
            break;
        case Network::ipv6: {
            const bool free_tunnel =
                std::equal(kFreeTunnels.begin(), kFreeTunnels.end(), bytes().begin());
            append_bits(group, bytes(), free_tunnel ? 36 : 32);
            break;
        }
        case Network::onion:
        case Network::i2p:
            append_bits(group, bytes(), kKeyBits);
            break;
        case Network::cjdns:
            append_bits(group, bytes(), kCjdnsBits);
            break;
    }
    return group;
}

void write_host_v2(Writer& writer, const HostAddress& host) {
    writer.u8(number_of(host.network())).var_bytes(host.bytes());
}

std::optional<HostAddress> read_host_v2(Reader& reader) {
    const uint8_t number = reader.u8();
    const ByteSpan raw = reader.var_bytes(kBytesMax);
    const size_t size = size_of(number);
    if (!reader.ok() || size == 0) return std::nullopt;
    if (raw.size() != size) {
        reader.fail();
        return std::nullopt;
    }
    switch (number) {
        case kNumberIpv4:
            return HostAddress(IpAddress::from_ipv4(raw));
        case kNumberIpv6: {
            const IpAddress ip = ip_of(raw);
            if (ip.is_ipv4()) break;  // BIP155 forbids IPv4-mapped IPv6
            return HostAddress(ip);
        }
        case kNumberCjdns: {
            const IpAddress ip = ip_of(raw);
            if (!ip.is_cjdns()) break;
            return HostAddress::cjdns(ip);
        }
        case kNumberOnion:
            return HostAddress::onion(*key_before(raw, 0));
        case kNumberI2p:
            return HostAddress::i2p(*key_before(raw, 0));
        default:
            break;
    }
    return std::nullopt;
}

}  // namespace parley
