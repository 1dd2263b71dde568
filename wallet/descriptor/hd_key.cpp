#include "wallet/descriptor/hd_key.h"

#include <algorithm>
#include <charconv>

#include "base/crypto/hash.h"
#include "base/encoding.h"
#include "base/serialize.h"

namespace parley {
namespace {

constexpr size_t kSerialisedSize = 78;
constexpr size_t kPathDepthMax = 255;  // the depth is one byte
constexpr size_t kSeedSizeMin = 16;    // BIP32
constexpr size_t kSeedSizeMax = 64;

struct Halves {
    std::array<uint8_t, 32> left;
    std::array<uint8_t, 32> right;
};

Halves split(const Hash512& digest) {
    Halves halves;
    std::copy_n(digest.begin(), 32, halves.left.begin());
    std::copy_n(digest.begin() + 32, 32, halves.right.begin());
    return halves;
}

Halves child_digest(const HdKeyPlace& place, ByteSpan key, uint32_t child_number) {
    Writer data(37);
    data.bytes(key).be(child_number);
    return split(hmac_sha512(place.chain_code, data.data()));
}

KeyFingerprint fingerprint_of(const PublicKey& key) {
    const Hash160 hash = hash160(key.bytes());
    return {hash[0], hash[1], hash[2], hash[3]};
}

HdKeyPlace child_place(const HdKeyPlace& parent, const PublicKey& parent_key, uint32_t child_number,
                       const std::array<uint8_t, 32>& chain_code) {
    return {static_cast<uint8_t>(parent.depth + 1), fingerprint_of(parent_key), child_number,
            chain_code};
}

std::string encode(const HdVersion& version, const HdKeyPlace& place, ByteSpan key) {
    Writer writer(kSerialisedSize);
    writer.bytes(version).u8(place.depth).bytes(place.parent).be(place.child_number);
    writer.bytes(place.chain_code).bytes(key);
    return base58check_encode(writer.data());
}

struct Decoded {
    HdKeyPlace place;
    Bytes key;  ///< 33 bytes
};

std::optional<Decoded> decode(std::string_view text, const HdVersion& version) {
    const auto payload = base58check_decode(text, kSerialisedSize);
    if (!payload || payload->size() != kSerialisedSize) return std::nullopt;
    Reader reader(*payload);
    const ByteSpan found = reader.bytes(version.size());
    if (!std::equal(version.begin(), version.end(), found.begin())) return std::nullopt;
    Decoded decoded;
    decoded.place.depth = reader.u8();
    const ByteSpan parent = reader.bytes(decoded.place.parent.size());
    std::copy(parent.begin(), parent.end(), decoded.place.parent.begin());
    decoded.place.child_number = reader.be<uint32_t>();
    const ByteSpan chain_code = reader.bytes(decoded.place.chain_code.size());
    std::copy(chain_code.begin(), chain_code.end(), decoded.place.chain_code.begin());
    decoded.key = to_bytes(reader.bytes(33));
    const bool has_parent =
        decoded.place.child_number != 0 || decoded.place.parent != KeyFingerprint{};
    if (decoded.place.depth == 0 && has_parent) return std::nullopt;
    return decoded;
}

template <class Key>
std::optional<Key> derive_path(const Key& from, const KeyPath& path) {
    std::optional<Key> key = from;
    for (const uint32_t step : path) {
        key = key->derive(step);
        if (!key) break;
    }
    return key;
}

}  // namespace

std::string to_string(const KeyPath& path) {
    std::string text;
    for (const uint32_t step : path) {
        if (!text.empty()) text += '/';
        text += std::to_string(step & ~kHardened);
        if (step >= kHardened) text += 'h';
    }
    return text;
}

std::optional<KeyPath> parse_key_path(std::string_view text) {
    KeyPath path;
    if (text.empty()) return path;
    while (true) {
        const size_t end = text.find('/');
        std::string_view step = text.substr(0, end);
        uint32_t hardened = 0;
        if (step.ends_with('h') || step.ends_with('\'')) {
            hardened = kHardened;
            step.remove_suffix(1);
        }
        uint32_t number = 0;
        const auto [rest, error] = std::from_chars(step.data(), step.data() + step.size(), number);
        if (error != std::errc{} || rest != step.data() + step.size() || number >= kHardened)
            return std::nullopt;
        if (path.size() == kPathDepthMax) return std::nullopt;
        path.push_back(number | hardened);
        if (end == std::string_view::npos) return path;
        text.remove_prefix(end + 1);
    }
}

KeyFingerprint HdPublicKey::fingerprint() const {
    return fingerprint_of(key_);
}

std::optional<HdPublicKey> HdPublicKey::derive(uint32_t child_number) const {
    if (child_number >= kHardened || place_.depth == kPathDepthMax) return std::nullopt;
    const Halves digest = child_digest(place_, key_.bytes(), child_number);
    const auto child = key_.tweak_add(digest.left);
    if (!child) return std::nullopt;
    return HdPublicKey{*child, child_place(place_, key_, child_number, digest.right)};
}

std::optional<HdPublicKey> HdPublicKey::derive(const KeyPath& path) const {
    return derive_path(*this, path);
}

std::string HdPublicKey::to_base58(const HdVersion& version) const {
    return encode(version, place_, key_.bytes());
}

std::optional<HdPublicKey> HdPublicKey::from_base58(std::string_view text,
                                                    const HdVersion& version) {
    const auto decoded = decode(text, version);
    if (!decoded) return std::nullopt;
    const auto key = PublicKey::parse(decoded->key);
    if (!key || !key->compressed()) return std::nullopt;
    return HdPublicKey{*key, decoded->place};
}

std::optional<HdPrivateKey> HdPrivateKey::from_seed(ByteSpan seed) {
    if (seed.size() < kSeedSizeMin || seed.size() > kSeedSizeMax) return std::nullopt;
    const Halves digest = split(hmac_sha512(as_bytes("Bitcoin seed"), seed));
    const auto key = SecretKey::from_bytes(digest.left);
    if (!key) return std::nullopt;
    HdKeyPlace place;
    place.chain_code = digest.right;
    return HdPrivateKey{*key, place};
}

std::optional<HdPrivateKey> HdPrivateKey::derive(uint32_t child_number) const {
    if (place_.depth == kPathDepthMax) return std::nullopt;
    const PublicKey public_key = key_.public_key();
    Bytes material;
    if (child_number >= kHardened) {
        material.push_back(0);
        append(material, key_.bytes());
    } else {
        material = to_bytes(public_key.bytes());
    }
    const Halves digest = child_digest(place_, material, child_number);
    const auto child = key_.tweak_add(digest.left);
    if (!child) return std::nullopt;
    return HdPrivateKey{*child, child_place(place_, public_key, child_number, digest.right)};
}

std::optional<HdPrivateKey> HdPrivateKey::derive(const KeyPath& path) const {
    return derive_path(*this, path);
}

std::string HdPrivateKey::to_base58(const HdVersion& version) const {
    Bytes padded{0};
    append(padded, key_.bytes());
    return encode(version, place_, padded);
}

std::optional<HdPrivateKey> HdPrivateKey::from_base58(std::string_view text,
                                                      const HdVersion& version) {
    const auto decoded = decode(text, version);
    if (!decoded || decoded->key[0] != 0) return std::nullopt;
    const auto key = SecretKey::from_bytes(ByteSpan{decoded->key}.subspan(1));
    if (!key) return std::nullopt;
    return HdPrivateKey{*key, decoded->place};
}

}  // namespace parley
