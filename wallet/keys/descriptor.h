// Output descriptors (BIP380-386): pk, pkh, wpkh, combo, addr and raw, with plain keys, WIF keys
// and extended keys with origin and range, and the checksum. Forms that this node's wallet cannot
// sign for (sh, wsh, tr, multi, ...) are rejected by name. Values. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/crypto/keys.h"
#include "base/expected.h"
#include "chain/primitives/script.h"
#include "wallet/keys/descriptor_checksum.h"
#include "wallet/keys/hd_key.h"

namespace parley {

struct ChainParams;

/// The origin of a key: the fingerprint of a master key, and a derivation path.
struct KeyOrigin {
    KeyFingerprint fingerprint{};
    KeyPath path;

    bool operator==(const KeyOrigin&) const = default;
};

/// The key inside a descriptor.
struct DescriptorKey {
    enum class Wildcard : uint8_t { none, plain, hardened };

    std::optional<KeyOrigin> origin;  ///< as written, in brackets
    /// A constant key, public or secret (WIF), or an extended key.
    std::variant<PublicKey, SecretKey, HdPublicKey, HdPrivateKey> key;
    bool compressed = true;  ///< of a SecretKey
    KeyPath path;            ///< of derivation from an extended key, without the wildcard
    Wildcard wildcard = Wildcard::none;
    bool apostrophes = false;  ///< hardened steps were written with ' instead of h

    bool has_secret() const {
        return std::holds_alternative<SecretKey>(key) || std::holds_alternative<HdPrivateKey>(key);
    }
};

/// The key at one position of a descriptor.
struct DerivedKey {
    PublicKey public_key;
    std::optional<SecretKey> secret;
    KeyOrigin origin;  ///< full path from the outermost known key
};

class Descriptor {
 public:
    enum class Kind : uint8_t { pk, pkh, wpkh, combo, addr, raw };

    /// The error is bitcoind's text. `require_checksum`: reject a descriptor without checksum.
    static Expected<Descriptor, std::string> parse(std::string_view text, const ChainParams& params,
                                                   bool require_checksum);
    /// wpkh, pkh, ... of a key.
    static Descriptor of_key(Kind kind, DescriptorKey key);

    Kind kind() const { return kind_; }
    const std::optional<DescriptorKey>& key() const { return key_; }
    bool is_range() const { return key_ && key_->wildcard != DescriptorKey::Wildcard::none; }
    bool has_secret() const { return key_ && key_->has_secret(); }
    /// Whether it determines how to sign for its scripts, given the secret key: all except addr and
    /// raw.
    bool is_solvable() const { return key_.has_value(); }

    /// With checksum. `secret`: show private keys where known, otherwise public keys only.
    std::string to_string(const ChainParams& params, bool secret = false) const;

    /// An identifier that is independent of the notation of hardened steps, and of known secrets.
    Hash256 id(const ChainParams& params) const;

    /// The scripts at a position (one; for combo up to three). Empty: the key cannot be derived (a
    /// hardened step without the secret key). REQUIRES: position 0 if it has no range.
    std::vector<Script> scripts(uint32_t position) const;
    std::optional<DerivedKey> derive_key(uint32_t position) const;
    /// Without the secret, which costs several times as much.
    std::optional<DerivedKey> derive_public_key(uint32_t position) const;

 private:
    Descriptor(Kind kind, std::optional<DescriptorKey> key, Script script);

    std::optional<PublicKey> public_key(uint32_t position) const;
    std::optional<SecretKey> secret_key(uint32_t position) const;
    KeyOrigin origin(uint32_t position, const PublicKey& derived) const;

    Kind kind_;
    std::optional<DescriptorKey> key_;
    Script script_;  ///< of addr and raw
    /// The extended key with the path applied, so that each position costs one derivation. Each is
    /// set if it can be derived.
    std::optional<HdPublicKey> base_public_;
    std::optional<HdPrivateKey> base_private_;
    std::optional<KeyFingerprint> fingerprint_;  ///< of an extended key without the path
};

/// The scripts that a descriptor of that kind has for a public key.
std::vector<Script> scripts_of_key(Descriptor::Kind kind, const PublicKey& key);

}  // namespace parley
