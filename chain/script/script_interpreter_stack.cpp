// The opcodes that move items and those for arithmetic.
#include "base/check.h"
#include "chain/primitives/opcode.h"
#include "chain/primitives/script_number.h"
#include "chain/script/script_interpreter.h"

namespace parley {

// Pushes copies of `count` items, of which the deepest lies at `first` (1 is the top), in their
// order.
ScriptInterpreter::Result ScriptInterpreter::duplicate(size_t count, size_t first) {
    if (stack_.size() < first) return ScriptError::stack_operation;
    const size_t from = stack_.size() - first;
    for (size_t i = 0; i < count; ++i) {
        const StackItem item = stack_[from + i];
        stack_.push_back(item);
    }
    return {};
}

// OP_PICK and OP_ROLL: the top says how deep the item lies below it.
ScriptInterpreter::Result ScriptInterpreter::move_item(bool keep) {
    if (stack_.size() < 2) return ScriptError::stack_operation;
    int64_t depth = 0;
    if (auto error = number(0, depth)) return error;
    drop(1);
    if (depth < 0 || depth >= static_cast<int64_t>(stack_.size()))
        return ScriptError::stack_operation;
    const auto place = stack_.end() - 1 - depth;
    const StackItem item = *place;
    if (!keep) stack_.erase(place);
    stack_.push_back(item);
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::execute_alternate(uint8_t opcode) {
    ScriptStack& from = opcode == OP_TOALTSTACK ? stack_ : alternate_;
    ScriptStack& to = opcode == OP_TOALTSTACK ? alternate_ : stack_;
    if (from.empty()) {
        return opcode == OP_TOALTSTACK ? ScriptError::stack_operation
                                       : ScriptError::alternate_stack_operation;
    }
    to.push_back(from.back());
    from.pop_back();
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::execute_stack(uint8_t opcode) {
    const auto needs = [&](size_t count) {
        return stack_.size() < count ? Result{ScriptError::stack_operation} : Result{};
    };
    const auto rotate = [&](size_t count, size_t by) {
        if (stack_.size() < count) return Result{ScriptError::stack_operation};
        const auto end = stack_.end();
        std::rotate(end - static_cast<ptrdiff_t>(count), end - static_cast<ptrdiff_t>(count - by),
                    end);
        return Result{};
    };
    const auto remove = [&](size_t count) {
        if (auto error = needs(count)) return error;
        drop(count);
        return Result{};
    };
    switch (opcode) {
        case OP_2DROP:
            return remove(2);
        case OP_2DUP:
            return duplicate(2, 2);
        case OP_3DUP:
            return duplicate(3, 3);
        case OP_2OVER:
            return duplicate(2, 4);
        case OP_2ROT:
            return rotate(6, 2);
        case OP_2SWAP:
            return rotate(4, 2);
        case OP_IFDUP:
            if (auto error = needs(1)) return error;
            return cast_to_bool(top()) ? duplicate(1, 1) : Result{};
        case OP_DEPTH:
            push_number(static_cast<int64_t>(stack_.size()));
            return {};
        case OP_DROP:
            return remove(1);
        case OP_DUP:
            return duplicate(1, 1);
        case OP_NIP:
            if (auto error = needs(2)) return error;
            stack_.erase(stack_.end() - 2);
            return {};
        case OP_OVER:
            return duplicate(1, 2);
        case OP_PICK:
        case OP_ROLL:
            return move_item(opcode == OP_PICK);
        case OP_ROT:
            return rotate(3, 1);
        case OP_SWAP:
            return rotate(2, 1);
        case OP_TUCK: {
            if (auto error = needs(2)) return error;
            const StackItem item = stack_.back();
            stack_.insert(stack_.end() - 2, item);
            return {};
        }
        case OP_SIZE:
            if (auto error = needs(1)) return error;
            push_number(static_cast<int64_t>(top().size()));
            return {};
        default:
            return ScriptError::bad_opcode;
    }
}

ScriptInterpreter::Result ScriptInterpreter::execute_number(uint8_t opcode) {
    if (opcode <= OP_0NOTEQUAL) return execute_unary(opcode);
    return opcode == OP_WITHIN ? execute_within() : execute_binary(opcode);
}

ScriptInterpreter::Result ScriptInterpreter::execute_unary(uint8_t opcode) {
    if (stack_.empty()) return ScriptError::stack_operation;
    int64_t value = 0;
    if (auto error = number(0, value)) return error;
    switch (opcode) {
        case OP_1ADD:
            ++value;
            break;
        case OP_1SUB:
            --value;
            break;
        case OP_NEGATE:
            value = -value;
            break;
        case OP_ABS:
            if (value < 0) value = -value;
            break;
        case OP_NOT:
            value = value == 0 ? 1 : 0;
            break;
        default:
            CHECK(opcode == OP_0NOTEQUAL);
            value = value != 0 ? 1 : 0;
    }
    drop(1);
    push_number(value);
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::execute_binary(uint8_t opcode) {
    if (stack_.size() < 2) return ScriptError::stack_operation;
    int64_t a = 0;
    int64_t b = 0;
    if (auto error = number(1, a)) return error;
    if (auto error = number(0, b)) return error;
    const auto result = [&]() -> int64_t {
        switch (opcode) {
            case OP_ADD:
                return a + b;
            case OP_SUB:
                return a - b;
            case OP_BOOLAND:
                return a != 0 && b != 0 ? 1 : 0;
            case OP_BOOLOR:
                return a != 0 || b != 0 ? 1 : 0;
            case OP_NUMEQUAL:
            case OP_NUMEQUALVERIFY:
                return a == b ? 1 : 0;
            case OP_NUMNOTEQUAL:
                return a != b ? 1 : 0;
            case OP_LESSTHAN:
                return a < b ? 1 : 0;
            case OP_GREATERTHAN:
                return a > b ? 1 : 0;
            case OP_LESSTHANOREQUAL:
                return a <= b ? 1 : 0;
            case OP_GREATERTHANOREQUAL:
                return a >= b ? 1 : 0;
            case OP_MIN:
                return std::min(a, b);
            default:
                CHECK(opcode == OP_MAX);
                return std::max(a, b);
        }
    }();
    drop(2);
    if (opcode == OP_NUMEQUALVERIFY)
        return result != 0 ? Result{} : Result{ScriptError::number_equal_verify};
    push_number(result);
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::execute_within() {
    if (stack_.size() < 3) return ScriptError::stack_operation;
    int64_t value = 0;
    int64_t least = 0;
    int64_t limit = 0;
    if (auto error = number(2, value)) return error;
    if (auto error = number(1, least)) return error;
    if (auto error = number(0, limit)) return error;
    drop(3);
    push_bool(least <= value && value < limit);
    return {};
}

}  // namespace parley
