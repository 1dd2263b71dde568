// Hierarchical deterministic keys (BIP32): extended private and public keys, their derivation and
// their Base58 form. Values. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crypto/keys.h"

namespace parley {

/// Child numbers from here on are hardened: deriving them requires the private key.
inline constexpr uint32_t kHardened = 0x80000000;
/// Derivation steps from an ancestor; hardened ones have the top bit set.
using KeyPath = std::vector<uint32_t>;
/// The first four bytes of the hash160 of the public key.
using KeyFingerprint = std::array<uint8_t, 4>;

/// "84h/1h/0h"; hardened steps as `h` or `'` on input, as `h` on output. Empty text: empty path.
std::string to_string(const KeyPath& path);
/// Empty: a step that is not a number below 2^31, or more than 255 steps.
std::optional<KeyPath> parse_key_path(std::string_view text);

/// The position of an extended key in its tree, for private and public keys.
struct HdKeyPlace {
    uint8_t depth = 0;
    KeyFingerprint parent{};
    uint32_t child_number = 0;
    std::array<uint8_t, 32> chain_code{};

    bool operator==(const HdKeyPlace&) const = default;
};

/// The four version bytes of the Base58 form.
using HdVersion = std::array<uint8_t, 4>;

class HdPublicKey {
 public:
    HdPublicKey(PublicKey key, HdKeyPlace place) : key_(key), place_(place) {}

    const PublicKey& key() const { return key_; }
    const HdKeyPlace& place() const { return place_; }
    KeyFingerprint fingerprint() const;

    /// CKDpub. Empty: a hardened child number, depth 255, or (probability 2^-127) an invalid key.
    std::optional<HdPublicKey> derive(uint32_t child_number) const;
    std::optional<HdPublicKey> derive(const KeyPath& path) const;

    std::string to_base58(const HdVersion& version) const;
    /// Empty: not 78 bytes with a valid checksum, another version, an invalid key, or a master key
    /// with a parent.
    static std::optional<HdPublicKey> from_base58(std::string_view text, const HdVersion& version);

    bool operator==(const HdPublicKey&) const = default;

 private:
    PublicKey key_;
    HdKeyPlace place_;
};

class HdPrivateKey {
 public:
    HdPrivateKey(SecretKey key, HdKeyPlace place) : key_(key), place_(place) {}

    /// The master key for a seed of 16 to 64 bytes. Empty: probability 2^-127.
    static std::optional<HdPrivateKey> from_seed(ByteSpan seed);

    const SecretKey& key() const { return key_; }
    const HdKeyPlace& place() const { return place_; }
    KeyFingerprint fingerprint() const { return neuter().fingerprint(); }
    /// The public half (N in BIP32).
    HdPublicKey neuter() const { return {key_.public_key(), place_}; }

    /// CKDpriv. Empty: depth 255, or (probability 2^-127) an invalid key.
    std::optional<HdPrivateKey> derive(uint32_t child_number) const;
    std::optional<HdPrivateKey> derive(const KeyPath& path) const;

    std::string to_base58(const HdVersion& version) const;
    static std::optional<HdPrivateKey> from_base58(std::string_view text, const HdVersion& version);

    bool operator==(const HdPrivateKey&) const = default;

 private:
    SecretKey key_;
    HdKeyPlace place_;
};

}  // namespace parley
