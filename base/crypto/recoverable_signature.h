// ECDSA signatures from which the signer's public key can be computed: those of signed messages.
// Over libsecp256k1's recovery module. Thread-safe.
#pragma once

#include <array>
#include <optional>

#include "base/crypto/keys.h"

namespace parley {

/// A header byte (27, plus the recovery id, plus 4 for a compressed key) and the compact signature.
using RecoverableSignature = std::array<uint8_t, 65>;

/// Deterministic nonce (RFC 6979). `compressed`: the form of the public key to be recovered.
RecoverableSignature sign_recoverable(const SecretKey& key, bool compressed,
                                      const Hash256& message);

/// The key that signed, in the form that the header byte names. Empty: there is none.
std::optional<PublicKey> recover_public_key(const RecoverableSignature& signature,
                                            const Hash256& message);

}  // namespace parley
