#include "chain/script/script_interpreter.h"

#include "base/check.h"
#include "base/crypto/hash.h"
#include "base/crypto/sha256.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/primitives/opcode.h"
#include "chain/primitives/script_number.h"

namespace parley {
namespace {

// BIP65 and BIP112 take numbers as large as the fields that they compare with.
constexpr size_t kLocktimeSizeMax = 5;
constexpr uint8_t kTrue[] = {1};

// Disabled in 2010: a script that contains one fails, even if it is not executed.
bool is_disabled(uint8_t opcode) {
    switch (opcode) {
        case OP_CAT:
        case OP_SUBSTR:
        case OP_LEFT:
        case OP_RIGHT:
        case OP_INVERT:
        case OP_AND:
        case OP_OR:
        case OP_XOR:
        case OP_2MUL:
        case OP_2DIV:
        case OP_MUL:
        case OP_DIV:
        case OP_MOD:
        case OP_LSHIFT:
        case OP_RSHIFT:
            return true;
        default:
            return false;
    }
}

}  // namespace

ScriptInterpreter::ScriptInterpreter(ScriptStack& stack, ScriptFlags flags,
                                     const InputChecker& checker, SignatureVersion version,
                                     TapscriptState* tapscript)
    : stack_(stack), flags_(flags), checker_(checker), version_(version), tapscript_(tapscript) {
    CHECK(is_tapscript() == (tapscript != nullptr));
}

ScriptInterpreter::Result ScriptInterpreter::run(ByteSpan script) {
    if (!is_tapscript() && script.size() > kScriptSizeMax) return ScriptError::script_size;
    code_ = script;
    ScriptOps ops(script);
    for (uint32_t position = 0; !ops.rest().empty(); ++position) {
        const auto op = ops.next();
        if (!op) return ScriptError::bad_opcode;
        if (auto error = step(*op, ops.rest(), position)) return error;
        if (stack_.size() + alternate_.size() > kScriptItemsMax) return ScriptError::stack_size;
    }
    if (!conditions_.empty()) return ScriptError::unbalanced_conditional;
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::step(const ScriptOp& op, ByteSpan rest,
                                                  uint32_t position) {
    if (auto error = admit(op)) return error;
    if (op.opcode > OP_PUSHDATA4) {
        const bool is_branch = op.opcode >= OP_IF && op.opcode <= OP_ENDIF;
        if (!conditions_.executing() && !is_branch) return {};
        return execute(op.opcode, rest, position);
    }
    if (!conditions_.executing()) return {};
    if (has(kVerifyMinimalData) && !is_minimal_push(op)) return ScriptError::minimal_data;
    stack_.push_back(StackItem::borrow(op.data));
    return {};
}

// The rules for an opcode that apply whether or not it is executed.
ScriptInterpreter::Result ScriptInterpreter::admit(const ScriptOp& op) {
    if (op.data.size() > kScriptItemSizeMax) return ScriptError::push_size;
    if (op.opcode <= OP_16) return {};
    if (!is_tapscript() && ++op_count_ > kScriptOpsMax) return ScriptError::op_count;
    if (is_disabled(op.opcode)) return ScriptError::disabled_opcode;
    if (op.opcode == OP_CODESEPARATOR && version_ == SignatureVersion::base &&
        has(kVerifyConstScriptCode)) {
        return ScriptError::code_separator;
    }
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::execute(uint8_t opcode, ByteSpan rest,
                                                     uint32_t position) {
    if (opcode <= OP_16) {
        if (opcode == OP_RESERVED) return ScriptError::bad_opcode;
        push_number(opcode == OP_1NEGATE ? -1 : opcode - OP_1 + 1);
        return {};
    }
    if (opcode <= OP_RETURN) return execute_flow(opcode);
    if (opcode <= OP_FROMALTSTACK) return execute_alternate(opcode);
    if (opcode <= OP_TUCK || opcode == OP_SIZE) return execute_stack(opcode);
    if (opcode == OP_EQUAL || opcode == OP_EQUALVERIFY) return execute_comparison(opcode);
    if (opcode >= OP_1ADD && opcode <= OP_WITHIN) return execute_number(opcode);
    if (opcode >= OP_RIPEMD160 && opcode <= OP_HASH256) return execute_hash(opcode);
    if (opcode == OP_CODESEPARATOR) {
        code_ = rest;
        if (is_tapscript()) tapscript_->spend.code_separator = position;
        return {};
    }
    if (opcode >= OP_NOP1 && opcode <= OP_NOP10) return execute_upgradable(opcode);
    if (opcode >= OP_CHECKSIG && opcode <= OP_CHECKSIGADD) return execute_signature(opcode);
    return ScriptError::bad_opcode;
}

ScriptInterpreter::Result ScriptInterpreter::execute_flow(uint8_t opcode) {
    switch (opcode) {
        case OP_NOP:
            return {};
        case OP_IF:
        case OP_NOTIF:
            return begin_condition(opcode);
        case OP_ELSE:
            if (conditions_.empty()) return ScriptError::unbalanced_conditional;
            conditions_.toggle();
            return {};
        case OP_ENDIF:
            if (conditions_.empty()) return ScriptError::unbalanced_conditional;
            conditions_.pop();
            return {};
        case OP_VERIFY:
            if (stack_.empty()) return ScriptError::stack_operation;
            if (!cast_to_bool(top())) return ScriptError::verify;
            drop(1);
            return {};
        case OP_RETURN:
            return ScriptError::op_return;
        default:
            return ScriptError::bad_opcode;  // OP_VER, OP_VERIF, OP_VERNOTIF
    }
}

ScriptInterpreter::Result ScriptInterpreter::begin_condition(uint8_t opcode) {
    if (!conditions_.executing()) {
        conditions_.push(false);
        return {};
    }
    if (stack_.empty()) return ScriptError::stack_operation;
    const ByteSpan argument = top();
    const bool minimal = argument.empty() || (argument.size() == 1 && argument[0] == 1);
    if (is_tapscript() && !minimal) return ScriptError::tapscript_minimal_if;
    if (version_ == SignatureVersion::witness_v0 && has(kVerifyMinimalIf) && !minimal)
        return ScriptError::minimal_if;
    conditions_.push(cast_to_bool(argument) == (opcode == OP_IF));
    drop(1);
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::execute_comparison(uint8_t opcode) {
    if (stack_.size() < 2) return ScriptError::stack_operation;
    const bool equal = std::ranges::equal(top(0), top(1));
    drop(2);
    if (opcode == OP_EQUAL) {
        push_bool(equal);
        return {};
    }
    return equal ? Result{} : Result{ScriptError::equal_verify};
}

ScriptInterpreter::Result ScriptInterpreter::execute_hash(uint8_t opcode) {
    if (stack_.empty()) return ScriptError::stack_operation;
    const ByteSpan data = top();
    const auto digest = [&]() -> StackItem {
        switch (opcode) {
            case OP_RIPEMD160:
                return StackItem::copy(ripemd160(data));
            case OP_SHA1:
                return StackItem::copy(sha1(data));
            case OP_SHA256:
                return StackItem::copy(sha256(data).span());
            case OP_HASH160:
                return StackItem::copy(hash160(data));
            default:
                return StackItem::copy(sha256d(data).span());
        }
    };
    stack_.back() = digest();
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::execute_upgradable(uint8_t opcode) {
    if (opcode == OP_CHECKLOCKTIMEVERIFY && has(kVerifyCheckLocktime)) return check_locktime();
    if (opcode == OP_CHECKSEQUENCEVERIFY && has(kVerifyCheckSequence)) return check_sequence();
    const bool assigned = opcode == OP_CHECKLOCKTIMEVERIFY || opcode == OP_CHECKSEQUENCEVERIFY;
    if (!assigned && has(kVerifyDiscourageUpgradableNops))
        return ScriptError::discourage_upgradable_nops;
    return {};
}

// The argument stays on the stack: to nodes from before BIP65 this is OP_NOP2.
ScriptInterpreter::Result ScriptInterpreter::check_locktime() {
    if (stack_.empty()) return ScriptError::stack_operation;
    int64_t locktime = 0;
    if (auto error = number(0, locktime, kLocktimeSizeMax)) return error;
    if (locktime < 0) return ScriptError::negative_locktime;
    if (!checker_.locktime_met(locktime)) return ScriptError::unsatisfied_locktime;
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::check_sequence() {
    if (stack_.empty()) return ScriptError::stack_operation;
    int64_t sequence = 0;
    if (auto error = number(0, sequence, kLocktimeSizeMax)) return error;
    if (sequence < 0) return ScriptError::negative_locktime;
    if ((sequence & kSequenceLockDisabled) != 0) return {};
    if (!checker_.sequence_met(sequence)) return ScriptError::unsatisfied_locktime;
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::number(size_t depth, int64_t& value,
                                                    size_t size_max) const {
    const auto decoded = decode_script_number(top(depth), has(kVerifyMinimalData), size_max);
    if (!decoded) return ScriptError::script_number;
    value = *decoded;
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::number(size_t depth, int64_t& value) const {
    return number(depth, value, kScriptNumberSizeMax);
}

void ScriptInterpreter::push_bool(bool value) {
    stack_.push_back(value ? StackItem::borrow(kTrue) : StackItem{});
}

void ScriptInterpreter::push_number(int64_t value) {
    stack_.push_back(StackItem::copy(encode_script_number(value).span()));
}

}  // namespace parley
