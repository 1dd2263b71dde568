// secp256k1 keys and signatures, over libsecp256k1. Values; contexts are created once and shared
// read-only. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/hash256.h"
#include "base/random.h"

namespace parley {

/// A point on the curve in serialised form: 33 bytes (compressed) or 65 (uncompressed; the hybrid
/// prefixes 06 and 07 are accepted, as consensus requires).
class PublicKey {
 public:
    PublicKey() = default;
    /// Empty: wrong size or prefix, or not on the curve.
    static std::optional<PublicKey> parse(ByteSpan serialised);

    ByteSpan bytes() const { return {bytes_.data(), size_}; }
    bool compressed() const { return size_ == 33; }
    /// The x coordinate (BIP340).
    std::array<uint8_t, 32> x_only() const;

    /// This key plus `tweak` times the generator (BIP32 public derivation). Empty when the result
    /// is not a valid key.
    std::optional<PublicKey> tweak_add(const std::array<uint8_t, 32>& tweak) const;

    auto operator<=>(const PublicKey&) const = default;

 private:
    friend class SecretKey;
    std::array<uint8_t, 65> bytes_{};
    uint8_t size_ = 0;
};

/// Parses DER laxly, because the block chain contains such signatures, and normalises high S before
/// verifying (both are consensus rules; strictness is up to the script interpreter). `signature`
/// has no hash-type byte.
bool verify_ecdsa(ByteSpan public_key, const Hash256& message, ByteSpan signature);

/// BIP340. `x_only_public_key` is 32 bytes, `signature` is 64; false for other sizes.
bool verify_schnorr(ByteSpan x_only_public_key, ByteSpan message, ByteSpan signature);

/// BIP341: whether the x-only key `internal` plus `tweak` times the generator is `output`, with an
/// odd y coordinate if and only if `odd`.
bool verify_x_only_tweak(ByteSpan output, bool odd, ByteSpan internal,
                         const std::array<uint8_t, 32>& tweak);

/// A 64-byte compact ECDSA signature for a 33-byte key, as in engine messages. Requires low S.
bool verify_compact(const PublicKey& public_key, const Hash256& message,
                    const std::array<uint8_t, 64>& signature);

/// Wiped on destruction.
class SecretKey {
 public:
    /// Empty: zero, or not below the group order.
    static std::optional<SecretKey> from_bytes(ByteSpan bytes);
    static SecretKey generate(Random& secret_source);

    SecretKey(const SecretKey&) = default;
    SecretKey& operator=(const SecretKey&) = default;
    ~SecretKey();

    ByteSpan bytes() const { return bytes_; }
    PublicKey public_key(bool compressed = true) const;

    /// Strict DER with low S and low R (a counter is ground until R is low, so signatures take 70
    /// or 71 bytes). Deterministic nonce (RFC 6979).
    Bytes sign_der(const Hash256& message) const;
    std::array<uint8_t, 64> sign_compact(const Hash256& message) const;
    std::array<uint8_t, 64> sign_schnorr(const Hash256& message,
                                         const std::array<uint8_t, 32>& auxiliary) const;

    std::optional<SecretKey> tweak_add(const std::array<uint8_t, 32>& tweak) const;
    /// Negates the key if its public key has an odd y coordinate, then adds `tweak` (BIP341).
    std::optional<SecretKey> x_only_tweak_add(const std::array<uint8_t, 32>& tweak) const;

    bool operator==(const SecretKey&) const = default;

 private:
    SecretKey() = default;
    std::array<uint8_t, 32> bytes_{};
};

}  // namespace parley
