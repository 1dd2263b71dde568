// The key inside a descriptor (BIP380): a constant public or secret key, or an extended key with a
// path, each with an optional origin. Values. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/crypto/keys.h"
#include "base/expected.h"
#include "wallet/descriptor/hd_key.h"

namespace parley {

struct ChainParams;

/// The origin of a key: the fingerprint of a master key, and a derivation path.
struct KeyOrigin {
    KeyFingerprint fingerprint{};
    KeyPath path;

    bool operator==(const KeyOrigin&) const = default;
};

/// A key expression as written.
struct DescriptorKey {
    enum class Wildcard : uint8_t { none, plain, hardened };

    std::optional<KeyOrigin> origin;  ///< as written, in brackets
    /// A constant key, public or secret (WIF), or an extended key.
    std::variant<PublicKey, SecretKey, HdPublicKey, HdPrivateKey> key;
    bool compressed = true;  ///< of a SecretKey
    bool x_only = false;     ///< a constant key inside tr(): shown without its parity
    KeyPath path;            ///< of derivation from an extended key, without the wildcard
    Wildcard wildcard = Wildcard::none;
    bool apostrophes = false;  ///< hardened steps were written with ' instead of h

    bool has_secret() const {
        return std::holds_alternative<SecretKey>(key) || std::holds_alternative<HdPrivateKey>(key);
    }
    bool is_range() const { return wildcard != Wildcard::none; }
};

/// The key at one position of a descriptor.
struct DerivedKey {
    PublicKey public_key;
    std::optional<SecretKey> secret;
    KeyOrigin origin;  ///< full path from the outermost known key
};

/// How a descriptor is written.
enum class KeyForm : uint8_t {
    public_only,  ///< as given, without secrets
    /// Without secrets, and with extended public keys from the last hardened step on, so that every
    /// position can be derived from the text.
    normalised,
    secret,  ///< private keys where known
    id       ///< normalised, and independent of the notation of hardened steps
};

/// Where a key stands: what forms of keys are allowed there.
enum class KeyContext : uint8_t { top, p2sh, p2wpkh, p2wsh, p2tr };

class KeyExpression {
 public:
    /// Derives the extended key of the path once, so that each position costs one derivation.
    explicit KeyExpression(DescriptorKey parts);

    const DescriptorKey& parts() const { return parts_; }
    std::string to_string(const ChainParams& params, KeyForm form) const;
    /// Of the serialised public key.
    size_t key_size() const;

    /// Empty: a hardened step without the secret key.
    std::optional<PublicKey> public_key(uint32_t position) const;
    std::optional<SecretKey> secret_key(uint32_t position) const;
    KeyOrigin origin(uint32_t position, const PublicKey& derived) const;

 private:
    DescriptorKey parts_;
    /// The extended key with the path applied. Each is set if it can be derived.
    std::optional<HdPublicKey> base_public_;
    std::optional<HdPrivateKey> base_private_;
    std::optional<KeyFingerprint> fingerprint_;  ///< of an extended key without the path
};

/// One key for each value of a multipath step (BIP389), otherwise one. The error is bitcoind's
/// text.
Expected<std::vector<DescriptorKey>, std::string> parse_key_expression(std::string_view text,
                                                                       KeyContext context,
                                                                       const ChainParams& params);

}  // namespace parley
