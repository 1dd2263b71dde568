// Completes an input's spend, template by template.
#include <algorithm>
#include <functional>

#include "base/crypto/hash.h"
#include "base/crypto/sha256.h"
#include "chain/script/script_type.h"
#include "wallet/descriptor/tapscript_templates.h"
#include "wallet/miniscript/miniscript_analysis.h"
#include "wallet/miniscript/miniscript_satisfier.h"
#include "wallet/signing/input_solution.h"

namespace parley {
namespace {

using Items = std::vector<Bytes>;

/// Passes what an input has to a miniscript's satisfaction.
class InputAssets final : public MiniscriptAssets {
 public:
    using SignatureOf = std::function<std::optional<Bytes>(uint32_t key)>;
    InputAssets(const SignatureMaker& maker, const InputSolution& solution,
                SignatureOf signature_of)
        : maker_(maker), solution_(solution), signature_of_(std::move(signature_of)) {}

    std::optional<Bytes> signature(uint32_t key) override { return signature_of_(key); }
    std::optional<Bytes> preimage(Fragment fragment, const Bytes& hash) override {
        constexpr size_t kPreimageSize = 32;
        const auto found = solution_.preimages.find({fragment, hash});
        const bool usable =
            found != solution_.preimages.end() && found->second.size() == kPreimageSize;
        return usable ? std::optional{found->second} : std::nullopt;
    }
    bool older_met(uint32_t sequence) override { return maker_.older_met(sequence); }
    bool after_met(uint32_t locktime) override { return maker_.after_met(locktime); }

 private:
    const SignatureMaker& maker_;
    const InputSolution& solution_;
    const SignatureOf signature_of_;
};

/// As many bytes as the largest satisfaction. Empty: there is none.
std::optional<Items> largest_satisfaction(const Miniscript::Decoded& decoded) {
    std::vector<std::string> names;
    for (const Bytes& key : decoded.keys) names.push_back(to_hex(key));
    const MiniscriptAnalysis analysis{decoded.expression, names};
    if (!analysis.is_satisfiable()) return std::nullopt;
    // Each item takes one byte for its length.
    Items items(static_cast<size_t>(std::max<int64_t>(analysis.stack_items(), 1)));
    const uint64_t size = analysis.witness_size();
    if (size > items.size()) items.front().resize(size - items.size());
    return items;
}

class InputSolver {
 public:
    InputSolver(const SolvingData& known, const SignatureMaker& maker, InputSolution& solution)
        : known_(known), maker_(maker), solution_(solution) {}

    bool run(const Script& output) {
        Items items;
        Items witness;
        bool solved = false;
        const Script* inner = &output;
        const Script* redeem = nullptr;
        if (const auto hash = match_p2sh(output)) {
            redeem = find_redeem_script(*hash);
            inner = redeem;
            if (redeem != nullptr) solution_.redeem_script = *redeem;
        }
        if (inner != nullptr) {
            const auto program = witness_program(*inner);
            solved = program ? solve_program(*inner, *program, redeem != nullptr, witness)
                             : solve_script(*inner, SignatureVersion::base, items);
        }
        if (redeem != nullptr) items.push_back(to_bytes(redeem->bytes()));
        ScriptBuilder script_sig;
        for (const Bytes& item : items) script_sig.push(item);
        solution_.script_sig = script_sig.build();
        solution_.witness = witness;
        return solved;
    }

 private:
    const Script* find_redeem_script(const Hash160& hash) {
        if (const Script* script = known_.find_redeem_script(hash)) return script;
        const auto& own = solution_.redeem_script;
        if (own && hash160(own->bytes()) == hash) return &*own;
        solution_.missing.redeem_script = hash;
        return nullptr;
    }

    const Script* find_witness_script(ByteSpan hash) {
        if (const Script* script = known_.find_witness_script(hash)) return script;
        const auto& own = solution_.witness_script;
        if (own && std::ranges::equal(sha256(own->bytes()).span(), hash)) return &*own;
        solution_.missing.witness_script = Hash256::from_bytes(hash);
        return nullptr;
    }

    std::optional<PublicKey> find_key(const Hash160& hash) {
        if (const KnownKey* known = known_.find_key(hash)) return known->key;
        for (const auto& [key, signature] : solution_.signatures)
            if (hash160(key.bytes()) == hash) return key;
        for (const auto& [key, origin] : solution_.origins)
            if (hash160(key.bytes()) == hash) return key;
        solution_.missing.keys.push_back(hash);
        return std::nullopt;
    }

    /// Empty, and noted as missing: nobody has signed with that key.
    std::optional<Bytes> signature_of(const PublicKey& key, const Script& script_code,
                                      SignatureVersion version) {
        const Hash160 hash = hash160(key.bytes());
        const KnownKey* known = known_.find_key(hash);
        if (known != nullptr && known->origin) solution_.origins.emplace(key, *known->origin);
        const auto there = solution_.signatures.find(key);
        if (there != solution_.signatures.end()) return there->second;
        const SecretKey* secret = known != nullptr && known->secret ? &*known->secret : nullptr;
        auto made = maker_.ecdsa(key, secret, script_code.bytes(), version);
        if (made)
            solution_.signatures.emplace(key, *made);
        else
            solution_.missing.signatures.push_back(hash);
        return made;
    }

    bool solve_program(const Script& script, const WitnessProgram& program, bool nested,
                       Items& witness) {
        if (is_anchor(program) && !nested) return true;
        if (is_taproot(script) && !nested) {
            solution_.has_witness = true;
            return solve_taproot(program.program, witness);
        }
        if (const auto hash = match_p2wpkh(script)) {
            solution_.has_witness = true;
            return solve_script(p2pkh_script(*hash), SignatureVersion::witness_v0, witness);
        }
        if (program.version != 0) return false;
        const Script* inner = find_witness_script(program.program);
        if (inner == nullptr) return false;
        const Script copy = *inner;
        solution_.witness_script = copy;
        solution_.has_witness = true;
        const bool solved = solve_script(copy, SignatureVersion::witness_v0, witness);
        witness.push_back(to_bytes(copy.bytes()));
        return solved;
    }

    bool solve_script(const Script& script, SignatureVersion version, Items& items) {
        if (const auto serialised = match_p2pk(script)) {
            const auto key = PublicKey::parse(*serialised);
            const auto signature = key ? signature_of(*key, script, version) : std::nullopt;
            if (!signature) return false;
            items.push_back(*signature);
            return true;
        }
        if (const auto hash = match_p2pkh(script)) {
            const auto key = find_key(*hash);
            const auto signature = key ? signature_of(*key, script, version) : std::nullopt;
            if (!signature) return false;
            items.push_back(*signature);
            items.push_back(to_bytes(key->bytes()));
            return true;
        }
        if (const auto multisig = match_multisig(script))
            return solve_multisig(*multisig, script, version, items);
        return version == SignatureVersion::witness_v0 && solve_miniscript(script, items);
    }

    bool solve_miniscript(const Script& script, Items& items) {
        const auto decoded = Miniscript::decode(script, MiniscriptContext::p2wsh,
                                                [&](const Hash160& hash) -> std::optional<Bytes> {
                                                    const auto key = find_key(hash);
                                                    if (!key || !key->compressed())
                                                        return std::nullopt;
                                                    return to_bytes(key->bytes());
                                                });
        return decoded && satisfy_with(*decoded, items, [&](uint32_t position) {
                   const auto key = PublicKey::parse(decoded->keys[position]);
                   return key ? signature_of(*key, script, SignatureVersion::witness_v0)
                              : std::nullopt;
               });
    }

    bool satisfy_with(const Miniscript::Decoded& decoded, Items& items,
                      InputAssets::SignatureOf signature_of_key) {
        InputAssets assets{maker_, solution_, std::move(signature_of_key)};
        auto satisfaction = satisfy(decoded.expression, decoded.keys, assets);
        if (maker_.is_estimate()) satisfaction = largest_satisfaction(decoded);
        if (satisfaction) items = std::move(*satisfaction);
        return satisfaction.has_value();
    }

    /// If not complete, empty items stand for the missing signatures, as other signers expect.
    bool solve_multisig(const Multisig& multisig, const Script& script, SignatureVersion version,
                        Items& items) {
        const auto wanted = static_cast<size_t>(multisig.required) + 1;
        items.emplace_back();  // OP_CHECKMULTISIG takes one item too many
        for (const Bytes& serialised : multisig.keys) {
            const auto key = PublicKey::parse(serialised);
            const auto signature = key ? signature_of(*key, script, version) : std::nullopt;
            if (signature && items.size() < wanted) items.push_back(*signature);
        }
        const bool complete = items.size() == wanted;
        items.resize(wanted);
        return complete;
    }

    // --- taproot ---------------------------------------------------------------------------------

    bool solve_taproot(ByteSpan program, Items& witness) {
        XOnlyKey output{};
        std::ranges::copy(program, output.begin());
        TaprootSpendData& taproot = solution_.taproot;
        const auto tree = known_.trees.find(output);
        if (tree != known_.trees.end()) taproot.add(tree->second);
        if (solution_.taproot_key_signature.empty()) sign_key_path(output);
        if (!solution_.taproot_key_signature.empty()) {
            witness.push_back(solution_.taproot_key_signature);
            return true;
        }
        Items best;
        for (const auto& [leaf, controls] : taproot.leaves) {
            Items items;
            if (controls.empty() || !solve_leaf(leaf, items)) continue;
            items.push_back(to_bytes(leaf.script.bytes()));
            items.push_back(*std::ranges::min_element(controls, shorter));
            if (best.empty() || encoded_size(items) < encoded_size(best)) best = std::move(items);
        }
        witness = std::move(best);
        return !witness.empty();
    }

    static bool shorter(const Bytes& a, const Bytes& b) {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    }
    static size_t encoded_size(const Items& items) { return Witness{items}.encoded_size(); }

    void note_origin(const XOnlyKey& key, const Hash256* leaf_hash) {
        const KnownKey* known = known_.find_x_only(key);
        if (known == nullptr || !known->origin) return;
        TapKeyOrigin& noted =
            solution_.taproot_origins.try_emplace(key, TapKeyOrigin{{}, *known->origin})
                .first->second;
        if (leaf_hash != nullptr) noted.leaves.insert(*leaf_hash);
    }

    const SecretKey* secret_of(const XOnlyKey& key) const {
        const KnownKey* known = known_.find_x_only(key);
        return known != nullptr && known->secret ? &*known->secret : nullptr;
    }

    /// With the internal key or, for rawtr(), the output key itself.
    void sign_key_path(const XOnlyKey& output) {
        const TaprootSpendData& taproot = solution_.taproot;
        if (taproot.internal_key) {
            const XOnlyKey& internal = *taproot.internal_key;
            note_origin(internal, nullptr);
            const Hash256* root = taproot.merkle_root ? &*taproot.merkle_root : nullptr;
            const SecretKey* secret = secret_of(internal);
            const auto tweaked =
                secret == nullptr ? std::nullopt
                                  : secret->x_only_tweak_add(taptweak_hash(internal, root).bytes());
            if (auto signature = maker_.schnorr(tweaked ? &*tweaked : nullptr, nullptr))
                solution_.taproot_key_signature = std::move(*signature);
            if (!solution_.taproot_key_signature.empty()) return;
        }
        note_origin(output, nullptr);
        if (auto signature = maker_.schnorr(secret_of(output), nullptr))
            solution_.taproot_key_signature = std::move(*signature);
    }

    bool solve_leaf(const TapLeafScript& leaf, Items& items) {
        if (leaf.version != kTapscriptLeafVersion) return false;
        const auto keys = match_tapscript(leaf.script);
        const Hash256 leaf_hash = tapleaf_hash(leaf.version, leaf.script.bytes());
        if (!keys) return solve_leaf_miniscript(leaf.script, leaf_hash, items);
        uint32_t count = 0;
        for (const XOnlyKey& key : keys->keys) {
            const auto signature = leaf_signature(key, leaf_hash);
            const bool used = signature && count < keys->required;
            items.push_back(used ? *signature : Bytes{});
            if (used) ++count;
        }
        std::reverse(items.begin(), items.end());  // the first key's signature is on top
        return count == keys->required;
    }

    bool solve_leaf_miniscript(const Script& script, const Hash256& leaf_hash, Items& items) {
        const auto decoded =
            Miniscript::decode(script, MiniscriptContext::tapscript,
                               [&](const Hash160& hash) { return find_x_only_key(hash); });
        return decoded && satisfy_with(*decoded, items, [&](uint32_t position) {
                   XOnlyKey key{};
                   std::ranges::copy(decoded->keys[position], key.begin());
                   return leaf_signature(key, leaf_hash);
               });
    }

    /// By the hash of its x-only form, as pk_h has it in tapscript.
    std::optional<Bytes> find_x_only_key(const Hash160& hash) const {
        for (const auto& [signer, signature] : solution_.taproot_script_signatures)
            if (hash160(signer.first) == hash) return to_bytes(signer.first);
        for (const auto& [key, origin] : solution_.taproot_origins)
            if (hash160(key) == hash) return to_bytes(key);
        return known_.serialised_key(hash, true);
    }

    std::optional<Bytes> leaf_signature(const XOnlyKey& key, const Hash256& leaf_hash) {
        note_origin(key, &leaf_hash);
        const auto there = solution_.taproot_script_signatures.find({key, leaf_hash});
        if (there != solution_.taproot_script_signatures.end()) return there->second;
        auto made = maker_.schnorr(secret_of(key), &leaf_hash);
        if (made) solution_.taproot_script_signatures.emplace(std::pair{key, leaf_hash}, *made);
        return made;
    }

    const SolvingData& known_;
    const SignatureMaker& maker_;
    InputSolution& solution_;
};

}  // namespace

bool solve_input(const SolvingData& known, const SignatureMaker& maker, const Script& script,
                 InputSolution& solution) {
    return InputSolver{known, maker, solution}.run(script);
}

}  // namespace parley
