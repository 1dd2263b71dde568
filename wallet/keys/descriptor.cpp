#include "wallet/keys/descriptor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"

namespace parley {
namespace {

// Limits the cost of parsing hostile input; every supported descriptor is much shorter.
constexpr size_t kTextSizeMax = 10'000;

using Wildcard = DescriptorKey::Wildcard;
using Kind = Descriptor::Kind;

struct KindName {
    Kind kind;
    std::string_view name;
};
constexpr KindName kKinds[] = {{Kind::pk, "pk"},       {Kind::pkh, "pkh"},   {Kind::wpkh, "wpkh"},
                               {Kind::combo, "combo"}, {Kind::addr, "addr"}, {Kind::raw, "raw"}};

constexpr std::string_view kUnsupported[] = {
    "sh", "wsh", "tr", "multi", "sortedmulti", "rawtr", "multi_a", "sortedmulti_a", "musig"};

std::string_view name_of(Kind kind) {
    for (const auto& [candidate, name] : kKinds)
        if (candidate == kind) return name;
    return {};
}

bool fingerprint_from(std::string_view text, KeyFingerprint& fingerprint) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != fingerprint.size()) return false;
    std::copy(bytes->begin(), bytes->end(), fingerprint.begin());
    return true;
}

std::string path_text(const KeyPath& path, bool apostrophes) {
    std::string text = to_string(path);
    if (apostrophes) std::replace(text.begin(), text.end(), 'h', '\'');
    return text;
}

/// Parses the text between the parentheses of a key descriptor.
class KeyParser {
 public:
    KeyParser(std::string_view text, const ChainParams& params) : text_(text), params_(params) {}

    Expected<DescriptorKey, std::string> parse() {
        if (!parse_origin()) return Unexpected(std::move(error_));
        const size_t slash = text_.find('/');
        const std::string_view key = text_.substr(0, slash);
        if (key.empty()) return Unexpected(std::string{"No key provided"});
        if (!parse_constant(key) && !parse_extended(key))
            return Unexpected(error_.empty() ? fmt::format("key '{}' is not valid", key) : error_);
        if (slash != std::string_view::npos && !parse_path(text_.substr(slash + 1)))
            return Unexpected(std::move(error_));
        return std::move(result_);
    }

 private:
    bool fail(std::string error) {
        error_ = std::move(error);
        return false;
    }

    bool parse_origin() {
        if (!text_.starts_with('[')) return true;
        const size_t end = text_.find(']');
        if (end == std::string_view::npos)
            return fail("Key origin start '[' character expected but not found, or no ']'");
        const std::string_view inner = text_.substr(1, end - 1);
        KeyOrigin origin;
        if (inner.size() < 8 || !fingerprint_from(inner.substr(0, 8), origin.fingerprint))
            return fail(fmt::format("Fingerprint '{}' is not 8 hexadecimal digits",
                                    inner.substr(0, inner.find('/'))));
        if (inner.size() > 8) {
            const auto path = inner[8] == '/' ? parse_key_path(inner.substr(9)) : std::nullopt;
            if (!path || inner.size() == 9)
                return fail(fmt::format("Key path '{}' is not valid", inner.substr(8)));
            origin.path = *path;
        }
        note_apostrophes(inner);
        result_.origin = std::move(origin);
        text_.remove_prefix(end + 1);
        return true;
    }

    bool parse_constant(std::string_view key) {
        if (const auto bytes = from_hex(key)) {
            const auto public_key = PublicKey::parse(*bytes);
            if (!public_key) return fail(fmt::format("Pubkey '{}' is invalid", key));
            // Hybrid public keys are non-standard: relay policy rejects their signatures.
            if (bytes->size() == 65 && (*bytes)[0] != 0x04)
                return fail("Hybrid public keys are not allowed");
            result_.key = *public_key;
            result_.compressed = public_key->compressed();
            return true;
        }
        const auto exported = decode_secret_key(params_.address_prefixes, key);
        if (!exported) return false;
        result_.key = exported->key;
        result_.compressed = exported->compressed;
        return true;
    }

    bool parse_extended(std::string_view key) {
        if (!error_.empty()) return false;
        if (auto hd = HdPrivateKey::from_base58(
                key, params_.address_prefixes.base58.extended_secret_key)) {
            result_.key = *hd;
            return true;
        }
        if (auto hd = HdPublicKey::from_base58(
                key, params_.address_prefixes.base58.extended_public_key)) {
            result_.key = *hd;
            return true;
        }
        return false;
    }

    bool parse_path(std::string_view path) {
        const bool extended = std::holds_alternative<HdPublicKey>(result_.key) ||
                              std::holds_alternative<HdPrivateKey>(result_.key);
        if (!extended) return fail("Only extended keys can have a derivation path");
        note_apostrophes(path);
        for (const auto& [ending, wildcard] :
             {std::pair<std::string_view, Wildcard>{"*", Wildcard::plain},
              {"*h", Wildcard::hardened},
              {"*'", Wildcard::hardened}}) {
            if (!path.ends_with(ending)) continue;
            result_.wildcard = wildcard;
            path.remove_suffix(ending.size());
            if (!path.empty() && !path.ends_with('/'))
                return fail(fmt::format("Key path value '{}*' is not valid", path));
            if (!path.empty()) path.remove_suffix(1);
            break;
        }
        const auto steps = parse_key_path(path);
        if (!steps) return fail(fmt::format("Key path value '{}' is not valid", path));
        if (steps->empty() && result_.wildcard == Wildcard::none)
            return fail("Key path value '' is not a valid uint32");
        result_.path = *steps;
        return true;
    }

    void note_apostrophes(std::string_view text) {
        if (text.find('\'') != std::string_view::npos) result_.apostrophes = true;
    }

    std::string_view text_;
    const ChainParams& params_;
    DescriptorKey result_;
    std::string error_;
};

std::string key_text(const DescriptorKey& key, const ChainParams& params, bool secret,
                     bool canonical) {
    const bool apostrophes = key.apostrophes && !canonical;
    std::string text;
    if (key.origin) {
        text += '[' + to_hex(key.origin->fingerprint);
        if (!key.origin->path.empty()) text += '/' + path_text(key.origin->path, apostrophes);
        text += ']';
    }
    if (const auto* constant = std::get_if<PublicKey>(&key.key)) {
        text += to_hex(constant->bytes());
    } else if (const auto* wif = std::get_if<SecretKey>(&key.key)) {
        text += secret ? encode_secret_key(params.address_prefixes, {*wif, key.compressed})
                       : to_hex(wif->public_key(key.compressed).bytes());
    } else if (const auto* hd_public = std::get_if<HdPublicKey>(&key.key)) {
        text += hd_public->to_base58(params.address_prefixes.base58.extended_public_key);
    } else {
        const auto& hd_private = std::get<HdPrivateKey>(key.key);
        text +=
            secret
                ? hd_private.to_base58(params.address_prefixes.base58.extended_secret_key)
                : hd_private.neuter().to_base58(params.address_prefixes.base58.extended_public_key);
    }
    if (!key.path.empty()) text += '/' + path_text(key.path, apostrophes);
    if (key.wildcard != Wildcard::none) text += "/*";
    if (key.wildcard == Wildcard::hardened) text += apostrophes ? '\'' : 'h';
    return text;
}

/// Hardened steps cannot be derived from a public key. The public form therefore starts after the
/// last hardened step: it has the extended public key of that step, and the steps before it are
/// part of the origin.
DescriptorKey public_form(const DescriptorKey& key) {
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

std::string with_checksum(const std::string& body) {
    const auto checksum = descriptor_checksum(body);
    CHECK(checksum.has_value());
    return body + '#' + *checksum;
}

/// Checks and removes the checksum. Errors have bitcoind's wording.
Expected<std::string_view, std::string> checked_body(std::string_view text, bool required) {
    if (text.size() > kTextSizeMax) return Unexpected(std::string{"The descriptor is too long"});
    const size_t mark = text.find('#');
    const std::string_view body = text.substr(0, mark);
    const auto expected = descriptor_checksum(body);
    if (!expected) return Unexpected(std::string{"Invalid characters in payload"});
    if (mark == std::string_view::npos) {
        if (required) return Unexpected(std::string{"Missing checksum"});
        return body;
    }
    const std::string_view given = text.substr(mark + 1);
    if (given.find('#') != std::string_view::npos)
        return Unexpected(std::string{"Multiple '#' symbols"});
    if (given.size() != expected->size())
        return Unexpected(
            fmt::format("Expected 8 character checksum, not {} characters", given.size()));
    if (given != *expected)
        return Unexpected(fmt::format(
            "Provided checksum '{}' does not match computed checksum '{}'", given, *expected));
    return body;
}

}  // namespace

Descriptor::Descriptor(Kind kind, std::optional<DescriptorKey> key, Script script)
    : kind_(kind), key_(std::move(key)), script_(std::move(script)) {
    if (!key_) return;
    if (const auto* secret = std::get_if<HdPrivateKey>(&key_->key)) {
        fingerprint_ = secret->fingerprint();
        base_private_ = secret->derive(key_->path);
        if (base_private_) base_public_ = base_private_->neuter();
    } else if (const auto* known = std::get_if<HdPublicKey>(&key_->key)) {
        fingerprint_ = known->fingerprint();
        base_public_ = known->derive(key_->path);
    }
}

Descriptor Descriptor::of_key(Kind kind, DescriptorKey key) {
    CHECK(kind != Kind::addr && kind != Kind::raw);
    return Descriptor{kind, std::move(key), {}};
}

Expected<Descriptor, std::string> Descriptor::parse(std::string_view text,
                                                    const ChainParams& params,
                                                    bool require_checksum) {
    const auto body = checked_body(text, require_checksum);
    if (!body) return Unexpected(body.error());
    const size_t open = body->find('(');
    if (open == std::string_view::npos || !body->ends_with(')'))
        return Unexpected(fmt::format("'{}' is not a valid descriptor function", *body));
    const std::string_view function = body->substr(0, open);
    const std::string_view inner = body->substr(open + 1, body->size() - open - 2);
    const auto known = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](const KindName& kind) { return kind.name == function; });
    if (known == std::end(kKinds)) {
        if (std::find(std::begin(kUnsupported), std::end(kUnsupported), function) !=
            std::end(kUnsupported))
            return Unexpected(fmt::format(
                "'{}()' is not supported: this node verifies pk, pkh, wpkh and combo spends only",
                function));
        return Unexpected(fmt::format("'{}' is not a valid descriptor function", *body));
    }
    if (known->kind == Kind::raw) {
        const auto bytes = from_hex(inner);
        if (!bytes) return Unexpected(std::string{"Raw script is not hex"});
        return Descriptor{Kind::raw, std::nullopt, Script{*bytes}};
    }
    if (known->kind == Kind::addr) {
        auto script = decode_address(params.address_prefixes, inner);
        if (!script) return Unexpected(std::string{"Address is not valid"});
        return Descriptor{Kind::addr, std::nullopt, std::move(*script)};
    }
    auto key = KeyParser{inner, params}.parse();
    if (!key) return Unexpected(fmt::format("{}(): {}", function, key.error()));
    if (known->kind == Kind::wpkh && !key->compressed)
        return Unexpected(std::string{"wpkh(): Uncompressed keys are not allowed"});
    Descriptor descriptor{known->kind, std::move(*key), {}};
    if (!descriptor.base_public_ && std::holds_alternative<HdPublicKey>(descriptor.key_->key))
        return Unexpected(fmt::format(
            "{}(): a path with hardened steps needs the extended private key", function));
    if (descriptor.key_->wildcard == Wildcard::hardened && !descriptor.has_secret())
        return Unexpected(
            fmt::format("{}(): a hardened range needs the extended private key", function));
    return descriptor;
}

std::string Descriptor::to_string(const ChainParams& params, bool secret) const {
    std::string inner;
    if (kind_ == Kind::raw)
        inner = to_hex(script_.bytes());
    else if (kind_ == Kind::addr)
        inner = encode_address(params.address_prefixes, script_);
    else
        inner = key_text(secret ? *key_ : public_form(*key_), params, secret, false);
    return with_checksum(fmt::format("{}({})", name_of(kind_), inner));
}

Hash256 Descriptor::id(const ChainParams& params) const {
    std::string text{name_of(kind_)};
    text += key_ ? key_text(public_form(*key_), params, false, true) : to_hex(script_.bytes());
    return sha256(as_bytes(text));
}

std::optional<PublicKey> Descriptor::public_key(uint32_t position) const {
    if (const auto* constant = std::get_if<PublicKey>(&key_->key)) return *constant;
    if (const auto* secret = std::get_if<SecretKey>(&key_->key))
        return secret->public_key(key_->compressed);
    if (key_->wildcard == Wildcard::hardened) {
        const auto secret = secret_key(position);
        return secret ? std::optional{secret->public_key()} : std::nullopt;
    }
    if (!base_public_) return std::nullopt;
    if (key_->wildcard == Wildcard::none) return base_public_->key();
    const auto child = base_public_->derive(position);
    return child ? std::optional{child->key()} : std::nullopt;
}

std::optional<SecretKey> Descriptor::secret_key(uint32_t position) const {
    if (const auto* secret = std::get_if<SecretKey>(&key_->key)) return *secret;
    if (!base_private_) return std::nullopt;
    if (key_->wildcard == Wildcard::none) return base_private_->key();
    const auto child =
        base_private_->derive(position | (key_->wildcard == Wildcard::hardened ? kHardened : 0));
    return child ? std::optional{child->key()} : std::nullopt;
}

KeyOrigin Descriptor::origin(uint32_t position, const PublicKey& derived) const {
    KeyOrigin origin;
    if (key_->origin) {
        origin = *key_->origin;
    } else if (fingerprint_) {
        origin.fingerprint = *fingerprint_;
    } else {
        const Hash160 hash = hash160(derived.bytes());
        std::copy_n(hash.begin(), origin.fingerprint.size(), origin.fingerprint.begin());
    }
    origin.path.insert(origin.path.end(), key_->path.begin(), key_->path.end());
    if (key_->wildcard != Wildcard::none)
        origin.path.push_back(position | (key_->wildcard == Wildcard::hardened ? kHardened : 0));
    return origin;
}

std::vector<Script> Descriptor::scripts(uint32_t position) const {
    if (!key_) return {script_};
    const auto key = public_key(position);
    return key ? scripts_of_key(kind_, *key) : std::vector<Script>{};
}

std::optional<DerivedKey> Descriptor::derive_public_key(uint32_t position) const {
    if (!key_) return std::nullopt;
    const auto key = public_key(position);
    if (!key) return std::nullopt;
    return DerivedKey{*key, std::nullopt, origin(position, *key)};
}

std::optional<DerivedKey> Descriptor::derive_key(uint32_t position) const {
    auto key = derive_public_key(position);
    if (key) key->secret = secret_key(position);
    return key;
}

std::vector<Script> scripts_of_key(Descriptor::Kind kind, const PublicKey& key) {
    const Hash160 hash = hash160(key.bytes());
    const auto bare = [&] { return ScriptBuilder{}.push(key.bytes()).op(OP_CHECKSIG).build(); };
    switch (kind) {
        case Kind::pk:
            return {bare()};
        case Kind::pkh:
            return {p2pkh_script(hash)};
        case Kind::wpkh:
            return {p2wpkh_script(hash)};
        case Kind::combo:
            if (!key.compressed()) return {bare(), p2pkh_script(hash)};
            return {bare(), p2pkh_script(hash), p2wpkh_script(hash)};
        case Kind::addr:
        case Kind::raw:
            break;
    }
    return {};
}

}  // namespace parley
