#include "wallet/descriptor/key_expression.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"

namespace parley {
namespace {

using Wildcard = DescriptorKey::Wildcard;

std::string path_text(const KeyPath& path, bool apostrophes) {
    std::string text = to_string(path);
    if (apostrophes) std::replace(text.begin(), text.end(), 'h', '\'');
    return text;
}

std::string constant_text(const PublicKey& key, bool x_only) {
    return x_only ? to_hex(key.x_only()) : to_hex(key.bytes());
}

std::string bare_key_text(const DescriptorKey& key, const ChainParams& params, bool secret) {
    const AddressPrefixes& prefixes = params.address_prefixes;
    if (const auto* constant = std::get_if<PublicKey>(&key.key))
        return constant_text(*constant, key.x_only);
    if (const auto* wif = std::get_if<SecretKey>(&key.key))
        return secret ? encode_secret_key(prefixes, {*wif, key.compressed})
                      : constant_text(wif->public_key(key.compressed), key.x_only);
    if (const auto* hd_public = std::get_if<HdPublicKey>(&key.key))
        return hd_public->to_base58(prefixes.base58.extended_public_key);
    const auto& hd_private = std::get<HdPrivateKey>(key.key);
    return secret ? hd_private.to_base58(prefixes.base58.extended_secret_key)
                  : hd_private.neuter().to_base58(prefixes.base58.extended_public_key);
}

/// Hardened steps cannot be derived from a public key. The normalised form therefore starts after
/// the last hardened step: it has the extended public key of that step, and the steps before it are
/// part of the origin.
DescriptorKey normalised_form(const DescriptorKey& key) {
    const auto* master = std::get_if<HdPrivateKey>(&key.key);
    if (master == nullptr) return key;
    const auto last = std::find_if(key.path.rbegin(), key.path.rend(),
                                   [](uint32_t step) { return step >= kHardened; });
    const auto split = static_cast<KeyPath::difference_type>(key.path.rend() - last);
    const KeyPath hardened(key.path.begin(), key.path.begin() + split);
    if (hardened.empty()) return key;
    const auto below = master->derive(hardened);
    CHECK(below.has_value());
    DescriptorKey form = key;
    if (!form.origin) form.origin = KeyOrigin{master->fingerprint(), {}};
    form.origin->path.insert(form.origin->path.end(), hardened.begin(), hardened.end());
    form.key = below->neuter();
    form.path.assign(key.path.begin() + split, key.path.end());
    return form;
}

}  // namespace

KeyExpression::KeyExpression(DescriptorKey parts) : parts_(std::move(parts)) {
    if (const auto* secret = std::get_if<HdPrivateKey>(&parts_.key)) {
        fingerprint_ = secret->fingerprint();
        base_private_ = secret->derive(parts_.path);
        if (base_private_) base_public_ = base_private_->neuter();
    } else if (const auto* known = std::get_if<HdPublicKey>(&parts_.key)) {
        fingerprint_ = known->fingerprint();
        base_public_ = known->derive(parts_.path);
    }
}

std::string KeyExpression::to_string(const ChainParams& params, KeyForm form) const {
    const bool normalise = form == KeyForm::normalised || form == KeyForm::id;
    const DescriptorKey key = normalise ? normalised_form(parts_) : parts_;
    const bool apostrophes = key.apostrophes && form != KeyForm::id;
    std::string text;
    if (key.origin) {
        text += '[' + to_hex(key.origin->fingerprint);
        if (!key.origin->path.empty()) text += '/' + path_text(key.origin->path, apostrophes);
        text += ']';
    }
    text += bare_key_text(key, params, form == KeyForm::secret);
    if (!key.path.empty()) text += '/' + path_text(key.path, apostrophes);
    if (key.wildcard != Wildcard::none) text += "/*";
    if (key.wildcard == Wildcard::hardened) text += apostrophes ? '\'' : 'h';
    return text;
}

size_t KeyExpression::key_size() const {
    constexpr size_t kCompressed = 33;
    constexpr size_t kUncompressed = 65;
    if (const auto* constant = std::get_if<PublicKey>(&parts_.key)) return constant->bytes().size();
    return parts_.compressed ? kCompressed : kUncompressed;
}

std::optional<PublicKey> KeyExpression::public_key(uint32_t position) const {
    if (const auto* constant = std::get_if<PublicKey>(&parts_.key)) return *constant;
    if (const auto* secret = std::get_if<SecretKey>(&parts_.key))
        return secret->public_key(parts_.compressed);
    if (parts_.wildcard == Wildcard::hardened) {
        const auto secret = secret_key(position);
        return secret ? std::optional{secret->public_key()} : std::nullopt;
    }
    if (!base_public_) return std::nullopt;
    if (parts_.wildcard == Wildcard::none) return base_public_->key();
    const auto child = base_public_->derive(position);
    return child ? std::optional{child->key()} : std::nullopt;
}

std::optional<SecretKey> KeyExpression::secret_key(uint32_t position) const {
    if (const auto* secret = std::get_if<SecretKey>(&parts_.key)) return *secret;
    if (!base_private_) return std::nullopt;
    if (parts_.wildcard == Wildcard::none) return base_private_->key();
    const auto child =
        base_private_->derive(position | (parts_.wildcard == Wildcard::hardened ? kHardened : 0));
    return child ? std::optional{child->key()} : std::nullopt;
}

KeyOrigin KeyExpression::origin(uint32_t position, const PublicKey& derived) const {
    KeyOrigin origin;
    if (parts_.origin) {
        origin = *parts_.origin;
    } else if (fingerprint_) {
        origin.fingerprint = *fingerprint_;
    } else {
        const Hash160 hash = hash160(derived.bytes());
        std::copy_n(hash.begin(), origin.fingerprint.size(), origin.fingerprint.begin());
    }
    origin.path.insert(origin.path.end(), parts_.path.begin(), parts_.path.end());
    if (parts_.wildcard != Wildcard::none)
        origin.path.push_back(position | (parts_.wildcard == Wildcard::hardened ? kHardened : 0));
    return origin;
}

}  // namespace parley
