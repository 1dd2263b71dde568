#include "wallet/descriptor/descriptor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "base/crypto/sha256.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"

namespace parley {
namespace {

using Kind = Descriptor::Kind;

constexpr size_t kCompressedKeySize = 33;

Script key_check(ByteSpan key) {
    return ScriptBuilder{}.push(key).op(OP_CHECKSIG).build();
}

Script multisig_script(uint32_t threshold, const std::vector<PublicKey>& keys) {
    ScriptBuilder builder;
    builder.push_number(threshold);
    for (const PublicKey& key : keys) builder.push(key.bytes());
    return builder.push_number(static_cast<int64_t>(keys.size())).op(OP_CHECKMULTISIG).build();
}

Script tapscript_multisig(uint32_t threshold, std::vector<XOnlyKey> keys, bool sorted) {
    if (sorted) std::sort(keys.begin(), keys.end());
    ScriptBuilder builder;
    for (size_t i = 0; i < keys.size(); ++i)
        builder.push(keys[i]).op(i == 0 ? OP_CHECKSIG : OP_CHECKSIGADD);
    return builder.push_number(threshold).op(OP_NUMEQUAL).build();
}

Script miniscript_script(const Miniscript& expression, const std::vector<PublicKey>& keys) {
    std::vector<Bytes> serialised;
    for (const PublicKey& key : keys)
        serialised.push_back(expression.context() == MiniscriptContext::tapscript
                                 ? to_bytes(key.x_only())
                                 : to_bytes(key.bytes()));
    return expression.script(serialised);
}

std::vector<Script> combo_scripts(const PublicKey& key, SolvingData* data) {
    const Hash160 hash = hash160(key.bytes());
    std::vector<Script> scripts{key_check(key.bytes()), p2pkh_script(hash)};
    if (!key.compressed()) return scripts;
    const Script program = p2wpkh_script(hash);
    scripts.push_back(program);
    scripts.push_back(p2sh_script(hash160(program.bytes())));
    if (data != nullptr) data->add_script(program);
    return scripts;
}

std::string with_checksum(const std::string& body) {
    const auto checksum = descriptor_checksum(body);
    CHECK(checksum.has_value());
    return body + '#' + *checksum;
}

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::pk:
            return "pk";
        case Kind::pkh:
            return "pkh";
        case Kind::wpkh:
            return "wpkh";
        case Kind::combo:
            return "combo";
        case Kind::multi:
            return "multi";
        case Kind::sortedmulti:
            return "sortedmulti";
        case Kind::multi_a:
            return "multi_a";
        case Kind::sortedmulti_a:
            return "sortedmulti_a";
        case Kind::sh:
            return "sh";
        case Kind::wsh:
            return "wsh";
        case Kind::tr:
            return "tr";
        case Kind::rawtr:
            return "rawtr";
        case Kind::addr:
            return "addr";
        case Kind::raw:
            return "raw";
        case Kind::miniscript:
            break;  // an expression, no function
    }
    return {};
}

Descriptor Descriptor::of_key(Kind kind, DescriptorKey key) {
    Descriptor descriptor{kind};
    descriptor.keys_.emplace_back(std::move(key));
    return descriptor;
}

Descriptor Descriptor::of_keys(Kind kind, uint32_t threshold, std::vector<DescriptorKey> keys) {
    Descriptor descriptor{kind};
    descriptor.threshold_ = threshold;
    for (DescriptorKey& key : keys) descriptor.keys_.emplace_back(std::move(key));
    return descriptor;
}

Descriptor Descriptor::of_script(Kind kind, Script script) {
    CHECK(kind == Kind::addr || kind == Kind::raw);
    Descriptor descriptor{kind};
    descriptor.script_ = std::move(script);
    return descriptor;
}

Descriptor Descriptor::of_miniscript(Miniscript expression, std::vector<DescriptorKey> keys) {
    CHECK(expression.key_count() == keys.size());
    Descriptor descriptor = of_keys(Kind::miniscript, 0, std::move(keys));
    descriptor.miniscript_ = std::move(expression);
    return descriptor;
}

Descriptor Descriptor::wrap(Kind kind, Descriptor inner) {
    CHECK(kind == Kind::sh || kind == Kind::wsh);
    Descriptor descriptor{kind};
    descriptor.children_.push_back(std::move(inner));
    return descriptor;
}

Descriptor Descriptor::taproot(DescriptorKey internal_key, std::vector<Descriptor> leaves,
                               std::vector<uint8_t> depths) {
    CHECK(leaves.size() == depths.size());
    Descriptor descriptor = of_key(Kind::tr, std::move(internal_key));
    descriptor.children_ = std::move(leaves);
    descriptor.depths_ = std::move(depths);
    return descriptor;
}

std::vector<DescriptorKey> Descriptor::keys() const {
    std::vector<DescriptorKey> all;
    for (const KeyExpression& key : keys_) all.push_back(key.parts());
    for (const Descriptor& child : children_) {
        const auto more = child.keys();
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

bool Descriptor::is_range() const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [](const KeyExpression& key) { return key.parts().is_range(); }) ||
           std::any_of(children_.begin(), children_.end(),
                       [](const Descriptor& child) { return child.is_range(); });
}

bool Descriptor::has_secret() const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [](const KeyExpression& key) { return key.parts().has_secret(); }) ||
           std::any_of(children_.begin(), children_.end(),
                       [](const Descriptor& child) { return child.has_secret(); });
}

bool Descriptor::has_uncompressed_key() const {
    return std::any_of(
               keys_.begin(), keys_.end(),
               [](const KeyExpression& key) { return key.key_size() != kCompressedKeySize; }) ||
           std::any_of(children_.begin(), children_.end(),
                       [](const Descriptor& child) { return child.has_uncompressed_key(); });
}

// --- text ----------------------------------------------------------------------------------------

std::string Descriptor::to_string(const ChainParams& params, KeyForm form) const {
    return with_checksum(body(params, form));
}

Hash256 Descriptor::id(const ChainParams& params) const {
    return sha256(as_bytes(body(params, KeyForm::id)));
}

std::string Descriptor::body(const ChainParams& params, KeyForm form) const {
    if (kind_ == Kind::miniscript)
        return miniscript_->to_string(
            [&](uint32_t key) { return keys_[key].to_string(params, form); });
    std::string inner;
    const auto add = [&inner](const std::string& part) {
        if (!inner.empty()) inner += ',';
        inner += part;
    };
    if (kind_ == Kind::raw) add(to_hex(script_.bytes()));
    if (kind_ == Kind::addr) add(encode_address(params.address_prefixes, script_));
    if (threshold_ > 0) add(std::to_string(threshold_));
    for (const KeyExpression& key : keys_) add(key.to_string(params, form));
    if (kind_ == Kind::tr) {
        if (!children_.empty()) add(tree_text(params, form));
    } else {
        for (const Descriptor& child : children_) add(child.body(params, form));
    }
    return fmt::format("{}({})", name_of(kind_), inner);
}

std::string Descriptor::tree_text(const ChainParams& params, KeyForm form) const {
    std::string text;
    std::vector<bool> path;  // from the root to the current leaf; true: the right branch
    for (size_t i = 0; i < children_.size(); ++i) {
        if (i > 0) text += ',';
        while (path.size() < depths_[i]) {
            path.push_back(false);
            text += '{';
        }
        text += children_[i].body(params, form);
        while (!path.empty() && path.back()) {
            path.pop_back();
            text += '}';
        }
        if (!path.empty()) path.back() = true;
    }
    return text;
}

// --- scripts -------------------------------------------------------------------------------------

std::vector<Script> Descriptor::scripts(uint32_t position) const {
    return expand({.position = position});
}

std::vector<Script> Descriptor::solve(uint32_t position, SolvingData& data,
                                      bool with_secrets) const {
    return expand({.position = position, .data = &data, .with_secrets = with_secrets});
}

std::optional<std::vector<PublicKey>> Descriptor::derive_keys(const Expansion& expansion) const {
    const uint32_t position = expansion.position;
    std::vector<PublicKey> derived;
    derived.reserve(keys_.size());
    for (const KeyExpression& key : keys_) {
        const auto public_key = key.public_key(position);
        if (!public_key) return std::nullopt;
        if (expansion.data != nullptr)
            expansion.data->add_key(
                *public_key, key.origin(position, *public_key),
                expansion.with_secrets ? key.secret_key(position) : std::nullopt);
        derived.push_back(*public_key);
    }
    return derived;
}

std::vector<Script> Descriptor::expand(const Expansion& expansion) const {
    auto keys = derive_keys(expansion);
    if (!keys) return {};
    switch (kind_) {
        case Kind::addr:
        case Kind::raw:
            return {script_};
        case Kind::pk:
            return {expansion.in_tapscript ? key_check(keys->front().x_only())
                                           : key_check(keys->front().bytes())};
        case Kind::pkh:
            return {p2pkh_script(hash160(keys->front().bytes()))};
        case Kind::wpkh:
            return {p2wpkh_script(hash160(keys->front().bytes()))};
        case Kind::combo:
            return combo_scripts(keys->front(), expansion.data);
        case Kind::sortedmulti:
            std::sort(keys->begin(), keys->end());
            [[fallthrough]];
        case Kind::multi:
            return {multisig_script(threshold_, *keys)};
        case Kind::multi_a:
        case Kind::sortedmulti_a: {
            std::vector<XOnlyKey> x_only;
            for (const PublicKey& key : *keys) x_only.push_back(key.x_only());
            return {
                tapscript_multisig(threshold_, std::move(x_only), kind_ == Kind::sortedmulti_a)};
        }
        case Kind::rawtr:
            return {witness_script(1, keys->front().x_only())};
        case Kind::miniscript:
            return {miniscript_script(*miniscript_, *keys)};
        case Kind::tr:
            return expand_taproot(keys->front(), expansion);
        case Kind::sh:
        case Kind::wsh:
            return expand_wrapped(expansion);
    }
    return {};
}

std::vector<Script> Descriptor::expand_wrapped(const Expansion& expansion) const {
    const auto inner = children_.front().expand(expansion);
    if (inner.empty()) return {};
    const Script& script = inner.front();
    if (expansion.data != nullptr) expansion.data->add_script(script);
    if (kind_ == Kind::sh) return {p2sh_script(hash160(script.bytes()))};
    return {witness_script(0, sha256(script.bytes()).span())};
}

std::vector<Script> Descriptor::expand_taproot(const PublicKey& internal_key,
                                               const Expansion& expansion) const {
    Expansion in_leaf = expansion;
    in_leaf.in_tapscript = true;
    std::vector<TaprootLeaf> leaves;
    for (size_t i = 0; i < children_.size(); ++i) {
        const auto script = children_[i].expand(in_leaf);
        if (script.empty()) return {};
        leaves.push_back({depths_[i], kTapscriptLeafVersion, script.front()});
    }
    auto tree = TaprootTree::build(internal_key.x_only(), std::move(leaves));
    if (!tree) return {};
    std::vector<Script> scripts{tree->script()};
    if (expansion.data != nullptr)
        expansion.data->trees.insert_or_assign(tree->output_key(), std::move(*tree));
    return scripts;
}

// --- the only key --------------------------------------------------------------------------------

const KeyExpression* Descriptor::only_key() const {
    if (kind_ == Kind::sh || kind_ == Kind::wsh) return children_.front().only_key();
    const bool single = keys_.size() == 1 && children_.empty() && kind_ != Kind::miniscript;
    return single ? &keys_.front() : nullptr;
}

std::optional<DerivedKey> Descriptor::derive_public_key(uint32_t position) const {
    const KeyExpression* key = only_key();
    if (key == nullptr) return std::nullopt;
    const auto public_key = key->public_key(position);
    if (!public_key) return std::nullopt;
    return DerivedKey{*public_key, std::nullopt, key->origin(position, *public_key)};
}

std::optional<DerivedKey> Descriptor::derive_key(uint32_t position) const {
    auto key = derive_public_key(position);
    if (key) key->secret = only_key()->secret_key(position);
    return key;
}

}  // namespace parley
