#include "chain/primitives/script_ops.h"

#include "chain/primitives/script.h"

namespace parley {

std::optional<ScriptOp> ScriptOps::next() {
    if (malformed_ || rest_.empty()) return std::nullopt;
    const uint8_t opcode = rest_[0];
    if (opcode > OP_PUSHDATA4) {
        rest_ = rest_.subspan(1);
        return ScriptOp{opcode, {}};
    }
    size_t length = opcode;
    size_t length_size = 0;
    if (opcode >= OP_PUSHDATA1) {
        length_size = opcode == OP_PUSHDATA1 ? 1 : opcode == OP_PUSHDATA2 ? 2 : 4;
        if (rest_.size() < 1 + length_size) {
            malformed_ = true;
            return std::nullopt;
        }
        length = 0;
        for (size_t i = length_size; i > 0; --i) length = length << 8 | rest_[i];
    }
    const ByteSpan tail = rest_.subspan(1 + length_size);
    if (length > tail.size()) {
        malformed_ = true;
        return std::nullopt;
    }
    rest_ = tail.subspan(length);
    return ScriptOp{opcode, tail.first(length)};
}

bool is_push_only(ByteSpan script) {
    ScriptOps ops(script);
    while (const auto op = ops.next()) {
        if (op->opcode > OP_16) return false;
    }
    return !ops.malformed();
}

bool is_minimal_push(const ScriptOp& op) {
    if (op.opcode > OP_PUSHDATA4) return true;
    const size_t size = op.data.size();
    if (size == 0) return op.opcode == OP_0;
    if (size == 1 && ((op.data[0] >= 1 && op.data[0] <= 16) || op.data[0] == 0x81)) return false;
    if (size < OP_PUSHDATA1) return op.opcode == size;
    if (size <= 0xff) return op.opcode == OP_PUSHDATA1;
    if (size <= 0xffff) return op.opcode == OP_PUSHDATA2;
    return true;
}

}  // namespace parley
