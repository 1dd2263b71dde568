#include "wallet/signing/input_solution.h"

#include <algorithm>

#include "base/crypto/sha256.h"
#include "chain/primitives/script_ops.h"
#include "chain/script/script_type.h"

namespace parley {

void TaprootSpendData::add(const TaprootTree& tree) {
    internal_key = tree.internal_key();
    if (tree.merkle_root()) merkle_root = tree.merkle_root();
    for (size_t i = 0; i < tree.leaves().size(); ++i) {
        const TaprootLeaf& leaf = tree.leaves()[i];
        leaves[{leaf.script, leaf.version}].insert(tree.control_block(i));
    }
}

void InputSolution::merge(const InputSolution& other) {
    if (!redeem_script) redeem_script = other.redeem_script;
    if (!witness_script) witness_script = other.witness_script;
    signatures.insert(other.signatures.begin(), other.signatures.end());
    if (taproot_key_signature.empty()) taproot_key_signature = other.taproot_key_signature;
    taproot_script_signatures.insert(other.taproot_script_signatures.begin(),
                                     other.taproot_script_signatures.end());
    origins.insert(other.origins.begin(), other.origins.end());
    preimages.insert(other.preimages.begin(), other.preimages.end());
}

namespace {

/// The items that a scriptSig of pushes leaves on the stack. Empty: other opcodes.
std::optional<std::vector<Bytes>> pushed_items(const Script& script) {
    if (!is_push_only(script.bytes())) return std::nullopt;
    std::vector<Bytes> items;
    ScriptOps ops{script.bytes()};
    while (const auto op = ops.next()) {
        if (op->opcode >= OP_1 && op->opcode <= OP_16)
            items.push_back({static_cast<uint8_t>(op->opcode - OP_1 + 1)});
        else
            items.push_back(to_bytes(op->data));
    }
    return items;
}

/// Assigns each signature to the key that made it. Signatures are in the order of their keys.
void match_signatures(const std::vector<Bytes>& items, const Script& script,
                      const SignatureMaker& maker, SignatureVersion version,
                      InputSolution& solution) {
    const auto multisig = match_multisig(script);
    if (!multisig) return;
    size_t first_key = 0;
    for (const Bytes& signature : items) {
        if (signature.empty()) continue;
        for (size_t i = first_key; i < multisig->keys.size(); ++i) {
            const Bytes& key = multisig->keys[i];
            const auto parsed = PublicKey::parse(key);
            if (!parsed || !maker.verify_ecdsa(key, signature, script.bytes(), version)) continue;
            solution.signatures[*parsed] = signature;
            first_key = i + 1;
            break;
        }
    }
}

}  // namespace

InputSolution extract_solution(const TxInput& input, const Script& script,
                               const SignatureMaker& maker) {
    InputSolution solution;
    auto items = pushed_items(input.script_sig);
    if (!items) return solution;
    Script inner = script;
    if (match_p2sh(script) && !items->empty()) {
        inner = Script{items->back()};
        items->pop_back();
        solution.redeem_script = inner;
    }
    auto version = SignatureVersion::base;
    const auto program = witness_program(inner);
    if (program && program->version == 0 && program->program.size() == Hash256::kSize &&
        !input.witness.empty()) {
        const Script witness_script{input.witness.back()};
        if (!std::ranges::equal(sha256(witness_script.bytes()).span(), program->program))
            return solution;
        items = input.witness.copy();
        items->pop_back();
        inner = witness_script;
        solution.witness_script = inner;
        version = SignatureVersion::witness_v0;
    }
    match_signatures(*items, inner, maker, version, solution);
    return solution;
}

}  // namespace parley
