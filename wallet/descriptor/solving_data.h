// SolvingData: what is known about scripts and keys: the data from which an output's descriptor can
// be inferred, and its spend signed. A value. Thread-safe.
#pragma once

#include <map>
#include <optional>

#include "base/crypto/keys.h"
#include "chain/primitives/script.h"
#include "wallet/descriptor/key_expression.h"
#include "wallet/descriptor/taproot_tree.h"

namespace parley {

struct KnownKey {
    PublicKey key;
    std::optional<KeyOrigin> origin;
    std::optional<SecretKey> secret;
};

struct SolvingData {
    std::map<Hash160, KnownKey> keys;       ///< by the hash of the serialised public key
    std::map<Hash160, Script> scripts;      ///< redeem and witness scripts, by their hash160
    std::map<XOnlyKey, TaprootTree> trees;  ///< by output key

    /// What is already known of the same key is kept.
    void add_key(const PublicKey& key, const std::optional<KeyOrigin>& origin,
                 const std::optional<SecretKey>& secret);
    void add_secret(const SecretKey& secret, bool compressed);
    void add_script(const Script& script);
    void merge(const SolvingData& other);

    const KnownKey* find_key(const Hash160& hash) const;
    /// With either parity.
    const KnownKey* find_x_only(const XOnlyKey& key) const;
    /// The key with that hash of its compressed or, for tapscript, of its x-only form, in that
    /// form. The latter takes time in the number of keys.
    std::optional<Bytes> serialised_key(const Hash160& hash, bool x_only) const;
    const Script* find_redeem_script(const Hash160& hash) const;
    /// `hash`: the SHA-256 in a version 0 program.
    const Script* find_witness_script(ByteSpan hash) const;
};

}  // namespace parley
