#include "chain/script/script_type.h"

#include "base/check.h"
#include "chain/primitives/script_number.h"
#include "chain/primitives/script_ops.h"

namespace parley {
namespace {

bool is_key(ByteSpan data) {
    if (data.empty()) return false;
    const uint8_t form = data[0];
    if (form == 2 || form == 3) return data.size() == 33;
    return (form == 4 || form == 6 || form == 7) && data.size() == 65;
}

bool is_null_data(const Script& script) {
    return !script.empty() && script.bytes()[0] == OP_RETURN &&
           is_push_only(ByteSpan{script.bytes()}.subspan(1));
}

// A number from `least` to 20, by OP_N or by the shortest push.
std::optional<int> key_count(const ScriptOp& op, int least) {
    std::optional<int64_t> count;
    if (op.opcode >= OP_1 && op.opcode <= OP_16) {
        count = op.opcode - OP_1 + 1;
    } else if (op.opcode <= OP_PUSHDATA4 && is_minimal_push(op)) {
        count = decode_script_number(op.data, true);
    }
    if (!count || *count < least || *count > kMultisigKeysMax) return std::nullopt;
    return static_cast<int>(*count);
}

ScriptType classify_program(const WitnessProgram& witness) {
    const size_t size = witness.program.size();
    if (witness.version == 0) {
        if (size == 20) return ScriptType::witness_key_hash;
        return size == 32 ? ScriptType::witness_script_hash : ScriptType::nonstandard;
    }
    if (witness.version == 1 && size == 32) return ScriptType::taproot;
    return is_anchor(witness) ? ScriptType::anchor : ScriptType::witness_unknown;
}

}  // namespace

ScriptType classify_script(const Script& script) {
    if (match_p2sh(script)) return ScriptType::script_hash;
    if (const auto witness = witness_program(script)) return classify_program(*witness);
    if (is_null_data(script)) return ScriptType::data;
    if (const auto key = match_p2pk(script); key && is_key(*key)) return ScriptType::public_key;
    if (match_p2pkh(script)) return ScriptType::public_key_hash;
    return match_multisig(script) ? ScriptType::multisig : ScriptType::nonstandard;
}

std::string_view to_string(ScriptType type) {
    switch (type) {
        case ScriptType::nonstandard:
            return "nonstandard";
        case ScriptType::public_key:
            return "pubkey";
        case ScriptType::public_key_hash:
            return "pubkeyhash";
        case ScriptType::script_hash:
            return "scripthash";
        case ScriptType::multisig:
            return "multisig";
        case ScriptType::data:
            return "nulldata";
        case ScriptType::witness_key_hash:
            return "witness_v0_keyhash";
        case ScriptType::witness_script_hash:
            return "witness_v0_scripthash";
        case ScriptType::taproot:
            return "witness_v1_taproot";
        case ScriptType::anchor:
            return "anchor";
        case ScriptType::witness_unknown:
            return "witness_unknown";
    }
    CHECK(false);
    return {};
}

std::optional<Multisig> match_multisig(const Script& script) {
    if (script.empty() || script.bytes().back() != OP_CHECKMULTISIG) return std::nullopt;
    ScriptOps ops(script.bytes());
    const auto first = ops.next();
    const auto required = first ? key_count(*first, 1) : std::nullopt;
    if (!required) return std::nullopt;
    Multisig multisig{*required, {}};
    auto op = ops.next();
    for (; op && is_key(op->data); op = ops.next()) multisig.keys.push_back(to_bytes(op->data));
    const auto count = op ? key_count(*op, *required) : std::nullopt;
    if (!count || multisig.keys.size() != static_cast<size_t>(*count) || ops.rest().size() != 1)
        return std::nullopt;
    return multisig;
}

}  // namespace parley
