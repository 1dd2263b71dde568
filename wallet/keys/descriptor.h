// Output descriptors (BIP380-386): pk, pkh, wpkh, combo, addr and raw, over plain keys, WIF keys
// and extended keys with origin and range, with the checksum. Forms whose spends this node cannot
// verify (sh, wsh, tr, multi, ...) are refused by name. Values. Thread-safe.
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

/// Where a key comes from: a fingerprint and the steps below it.
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
    KeyPath path;            ///< below an extended key, without the wildcard
    Wildcard wildcard = Wildcard::none;
    bool apostrophes = false;  ///< hardened steps were written with ' instead of h

    bool has_secret() const {
        return std::holds_alternative<SecretKey>(key) || std::holds_alternative<HdPrivateKey>(key);
    }
};

/// One key of one position of a descriptor.
struct DerivedKey {
    PublicKey public_key;
    std::optional<SecretKey> secret;
    KeyOrigin origin;  ///< full path from the outermost known key
};

class Descriptor {
 public:
    enum class Kind : uint8_t { pk, pkh, wpkh, combo, addr, raw };

    /// The error is a sentence as bitcoind prints it. `require_checksum`: refuse a text without.
    static Expected<Descriptor, std::string> parse(std::string_view text, const ChainParams& params,
                                                   bool require_checksum);
    /// wpkh, pkh, ... of a key.
    static Descriptor of_key(Kind kind, DescriptorKey key);

    Kind kind() const { return kind_; }
    const std::optional<DescriptorKey>& key() const { return key_; }
    bool is_range() const { return key_ && key_->wildcard != DescriptorKey::Wildcard::none; }
    bool has_secret() const { return key_ && key_->has_secret(); }
    /// Knows how to sign for its scripts, given the secret: all but addr and raw.
    bool is_solvable() const { return key_.has_value(); }

    /// With checksum. `secret`: with private keys where there are any, otherwise public ones only.
    std::string to_string(const ChainParams& params, bool secret = false) const;

    /// A name that does not depend on how hardened steps are written or whether secrets are known.
    Hash256 id(const ChainParams& params) const;

    /// The scripts at a position (one; combo: up to three). REQUIRES: position 0 when not a range.
    /// Empty: the key cannot be derived (hardened steps without the secret).
    std::vector<Script> scripts(uint32_t position) const;
    std::optional<DerivedKey> derive_key(uint32_t position) const;

 private:
    Descriptor(Kind kind, std::optional<DescriptorKey> key, Script script);

    std::optional<PublicKey> public_key(uint32_t position) const;
    std::optional<SecretKey> secret_key(uint32_t position) const;
    KeyOrigin origin(uint32_t position, const PublicKey& derived) const;

    Kind kind_;
    std::optional<DescriptorKey> key_;
    Script script_;  ///< addr and raw
    /// The extended key with the path applied, so that a position costs one derivation. Whichever
    /// can be had.
    std::optional<HdPublicKey> base_public_;
    std::optional<HdPrivateKey> base_private_;
};

/// The scripts that a descriptor of that kind makes of a public key.
std::vector<Script> scripts_of_key(Descriptor::Kind kind, const PublicKey& key);

}  // namespace parley
