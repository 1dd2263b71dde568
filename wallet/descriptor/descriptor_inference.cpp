// Infers the descriptor of a script from what is known about it.
#include <algorithm>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "chain/primitives/address.h"
#include "chain/primitives/script_ops.h"
#include "chain/rules/params.h"
#include "chain/script/script_type.h"
#include "wallet/descriptor/descriptor.h"
#include "wallet/descriptor/tapscript_templates.h"
#include "wallet/miniscript/miniscript_analysis.h"

namespace parley {
namespace {

using Kind = Descriptor::Kind;

class Inference {
 public:
    explicit Inference(const SolvingData& known) : known_(known) {}

    std::optional<Descriptor> infer(const Script& script, KeyContext context) const {
        if (context == KeyContext::p2tr) return infer_leaf(script);
        const bool top = context == KeyContext::top;
        const bool outer = top || context == KeyContext::p2sh;
        switch (classify_script(script)) {
            case ScriptType::public_key:
                return of_public_key(Kind::pk, *match_p2pk(script), context);
            case ScriptType::public_key_hash:
                return of_key_hash(Kind::pkh, *match_p2pkh(script), context);
            case ScriptType::witness_key_hash:
                if (!outer) return std::nullopt;
                return of_key_hash(Kind::wpkh, *match_p2wpkh(script), KeyContext::p2wpkh);
            case ScriptType::multisig:
                return of_multisig(*match_multisig(script), context);
            case ScriptType::script_hash:
                if (!top) return std::nullopt;
                return wrapped(Kind::sh, known_.find_redeem_script(*match_p2sh(script)),
                               KeyContext::p2sh);
            case ScriptType::witness_script_hash:
                if (!outer) return std::nullopt;
                return wrapped(Kind::wsh,
                               known_.find_witness_script(witness_program(script)->program),
                               KeyContext::p2wsh);
            case ScriptType::taproot:
                return top ? of_taproot(script) : std::nullopt;
            default:
                return context == KeyContext::p2wsh ? of_miniscript(script, context) : std::nullopt;
        }
    }

 private:
    std::optional<DescriptorKey> key_of(const PublicKey& key, KeyContext context) const {
        const bool allowed = context == KeyContext::top || context == KeyContext::p2sh;
        if (!key.compressed() && !allowed) return std::nullopt;
        DescriptorKey result;
        result.key = key;
        result.compressed = key.compressed();
        if (const KnownKey* known = known_.find_key(hash160(key.bytes())))
            result.origin = known->origin;
        return result;
    }

    std::optional<DescriptorKey> x_only_key(const XOnlyKey& x_only) const {
        const auto lifted = lift_x(x_only);
        if (!lifted) return std::nullopt;
        DescriptorKey result;
        result.key = *lifted;
        result.x_only = true;
        if (const KnownKey* known = known_.find_x_only(x_only)) result.origin = known->origin;
        return result;
    }

    std::optional<Descriptor> of_public_key(Kind kind, ByteSpan serialised,
                                            KeyContext context) const {
        const auto key = PublicKey::parse(serialised);
        if (!key || (serialised.size() == 65 && serialised[0] != 0x04)) return std::nullopt;
        auto expression = key_of(*key, context);
        if (!expression) return std::nullopt;
        return Descriptor::of_key(kind, std::move(*expression));
    }

    std::optional<Descriptor> of_key_hash(Kind kind, const Hash160& hash,
                                          KeyContext context) const {
        const KnownKey* known = known_.find_key(hash);
        return known == nullptr ? std::nullopt : of_public_key(kind, known->key.bytes(), context);
    }

    std::optional<Descriptor> of_multisig(const Multisig& multisig, KeyContext context) const {
        std::vector<DescriptorKey> keys;
        for (const Bytes& bytes : multisig.keys) {
            const auto key = PublicKey::parse(bytes);
            if (!key || (bytes.size() == 65 && bytes[0] != 0x04)) return std::nullopt;
            auto expression = key_of(*key, context);
            if (!expression) return std::nullopt;
            keys.push_back(std::move(*expression));
        }
        return Descriptor::of_keys(Kind::multi, static_cast<uint32_t>(multisig.required),
                                   std::move(keys));
    }

    std::optional<Descriptor> wrapped(Kind kind, const Script* inner, KeyContext context) const {
        if (inner == nullptr) return std::nullopt;
        auto descriptor = infer(*inner, context);
        if (!descriptor) return std::nullopt;
        return Descriptor::wrap(kind, std::move(*descriptor));
    }

    std::optional<Descriptor> infer_leaf(const Script& script) const {
        const auto leaf = match_tapscript(script);
        if (!leaf) return of_miniscript(script, KeyContext::p2tr);
        std::vector<DescriptorKey> keys;
        for (const XOnlyKey& key : leaf->keys) {
            auto expression = x_only_key(key);
            if (!expression) return std::nullopt;
            keys.push_back(std::move(*expression));
        }
        if (!leaf->multisig) return Descriptor::of_key(Kind::pk, std::move(keys.front()));
        return Descriptor::of_keys(Kind::multi_a, leaf->required, std::move(keys));
    }

    std::optional<Descriptor> of_miniscript(const Script& script, KeyContext context) const {
        const bool tapscript = context == KeyContext::p2tr;
        const auto decoded = Miniscript::decode(
            script, tapscript ? MiniscriptContext::tapscript : MiniscriptContext::p2wsh,
            [&](const Hash160& hash) { return known_.serialised_key(hash, tapscript); });
        if (!decoded) return std::nullopt;
        std::vector<DescriptorKey> keys;
        std::vector<std::string> names;
        for (const Bytes& bytes : decoded->keys) {
            auto expression = tapscript ? x_only_key(x_only_of(bytes)) : compressed_key(bytes);
            if (!expression) return std::nullopt;
            keys.push_back(std::move(*expression));
            names.push_back(to_hex(bytes));
        }
        if (!MiniscriptAnalysis{decoded->expression, names}.is_sane()) return std::nullopt;
        return Descriptor::of_miniscript(decoded->expression, std::move(keys));
    }

    static XOnlyKey x_only_of(const Bytes& bytes) {
        XOnlyKey key{};
        std::ranges::copy(bytes, key.begin());
        return key;
    }
    std::optional<DescriptorKey> compressed_key(const Bytes& bytes) const {
        const auto key = PublicKey::parse(bytes);
        return key ? key_of(*key, KeyContext::p2wsh) : std::nullopt;
    }

    std::optional<Descriptor> of_taproot(const Script& script) const {
        XOnlyKey output{};
        std::ranges::copy(witness_program(script)->program, output.begin());
        const auto tree = known_.trees.find(output);
        if (tree != known_.trees.end())
            if (auto descriptor = of_tree(tree->second)) return descriptor;
        auto key = x_only_key(output);
        if (!key) return std::nullopt;
        return Descriptor::of_key(Kind::rawtr, std::move(*key));
    }

    std::optional<Descriptor> of_tree(const TaprootTree& tree) const {
        std::vector<Descriptor> leaves;
        std::vector<uint8_t> depths;
        for (const TaprootLeaf& leaf : tree.leaves()) {
            if (leaf.version != kTapscriptLeafVersion) return std::nullopt;
            auto descriptor = infer_leaf(leaf.script);
            if (!descriptor) return std::nullopt;
            leaves.push_back(std::move(*descriptor));
            depths.push_back(leaf.depth);
        }
        auto key = x_only_key(tree.internal_key());
        if (!key) return std::nullopt;
        return Descriptor::taproot(std::move(*key), std::move(leaves), std::move(depths));
    }

    const SolvingData& known_;
};

}  // namespace

Descriptor infer_descriptor(const ChainParams& params, const Script& script,
                            const SolvingData& known) {
    if (auto descriptor = Inference{known}.infer(script, KeyContext::top))
        return std::move(*descriptor);
    const bool has_address = !encode_address(params.address_prefixes, script).empty();
    return Descriptor::of_script(has_address ? Kind::addr : Kind::raw, script);
}

}  // namespace parley
