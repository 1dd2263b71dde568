#include "wallet/descriptor/tapscript_templates.h"

#include <algorithm>

#include "chain/primitives/script_number.h"
#include "chain/primitives/script_ops.h"

namespace parley {
namespace {

std::optional<uint32_t> small_number(const ScriptOp& op) {
    if (op.opcode >= OP_1 && op.opcode <= OP_16) return static_cast<uint32_t>(op.opcode - OP_1 + 1);
    if (op.opcode > 4 || !is_minimal_push(op)) return std::nullopt;
    const auto number = decode_script_number(op.data, true);
    if (!number || *number < 1) return std::nullopt;
    return static_cast<uint32_t>(*number);
}

}  // namespace

std::optional<TapscriptKeys> match_tapscript(const Script& script) {
    TapscriptKeys result;
    ScriptOps ops{script.bytes()};
    auto op = ops.next();
    while (op && op->opcode == sizeof(XOnlyKey)) {
        XOnlyKey key{};
        std::ranges::copy(op->data, key.begin());
        const auto check = ops.next();
        if (!check || check->opcode != (result.keys.empty() ? OP_CHECKSIG : OP_CHECKSIGADD))
            return std::nullopt;
        result.keys.push_back(key);
        op = ops.next();
    }
    if (result.keys.empty() || ops.malformed()) return std::nullopt;
    if (!op) return result.keys.size() == 1 ? std::optional{result} : std::nullopt;
    const auto required = small_number(*op);
    const auto compare = ops.next();
    if (!required || *required > result.keys.size() || !compare || compare->opcode != OP_NUMEQUAL ||
        !ops.rest().empty())
        return std::nullopt;
    result.multisig = true;
    result.required = *required;
    return result;
}

}  // namespace parley
