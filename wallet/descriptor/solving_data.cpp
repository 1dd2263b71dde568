#include "wallet/descriptor/solving_data.h"

#include "base/crypto/hash.h"

namespace parley {

void SolvingData::add_key(const PublicKey& key, const std::optional<KeyOrigin>& origin,
                          const std::optional<SecretKey>& secret) {
    KnownKey& known = keys[hash160(key.bytes())];
    known.key = key;
    if (!known.origin) known.origin = origin;
    if (!known.secret) known.secret = secret;
}

void SolvingData::add_secret(const SecretKey& secret, bool compressed) {
    const PublicKey key = secret.public_key(compressed);
    add_key(key, std::nullopt, secret);
    // A key alone also spends the taproot output of which it is the internal key (BIP86).
    if (auto tree = TaprootTree::build(key.x_only(), {}))
        trees.try_emplace(tree->output_key(), std::move(*tree));
}

void SolvingData::add_script(const Script& script) {
    scripts.insert_or_assign(hash160(script.bytes()), script);
}

void SolvingData::merge(const SolvingData& other) {
    for (const auto& [hash, known] : other.keys) add_key(known.key, known.origin, known.secret);
    scripts.insert(other.scripts.begin(), other.scripts.end());
    trees.insert(other.trees.begin(), other.trees.end());
}

const KnownKey* SolvingData::find_key(const Hash160& hash) const {
    const auto it = keys.find(hash);
    return it == keys.end() ? nullptr : &it->second;
}

const KnownKey* SolvingData::find_x_only(const XOnlyKey& key) const {
    Bytes serialised{0x02};
    append(serialised, key);
    const KnownKey* even = find_key(hash160(serialised));
    serialised[0] = 0x03;
    const KnownKey* odd = find_key(hash160(serialised));
    // Prefers the one with the secret, then the one with the origin.
    if (even == nullptr || odd == nullptr) return even != nullptr ? even : odd;
    if (even->secret.has_value() != odd->secret.has_value()) return even->secret ? even : odd;
    return even->origin ? even : odd;
}

std::optional<Bytes> SolvingData::serialised_key(const Hash160& hash, bool x_only) const {
    if (!x_only) {
        const KnownKey* known = find_key(hash);
        if (known == nullptr || !known->key.compressed()) return std::nullopt;
        return to_bytes(known->key.bytes());
    }
    for (const auto& [full_hash, known] : keys) {
        const XOnlyKey key = known.key.x_only();
        if (hash160(key) == hash) return to_bytes(key);
    }
    return std::nullopt;
}

const Script* SolvingData::find_redeem_script(const Hash160& hash) const {
    const auto it = scripts.find(hash);
    return it == scripts.end() ? nullptr : &it->second;
}

const Script* SolvingData::find_witness_script(ByteSpan hash) const {
    return find_redeem_script(ripemd160(hash));
}

}  // namespace parley
