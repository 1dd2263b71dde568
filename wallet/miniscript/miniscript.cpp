// Construction, script and text.
#include "wallet/miniscript/miniscript.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "chain/primitives/script_number.h"

namespace parley {
namespace {

constexpr std::array<std::string_view, 27> kNames{
    "0",       "1",      "pk_k",    "pk_h",  "older", "after", "sha256", "hash256", "ripemd160",
    "hash160", "multi",  "multi_a", "and_v", "and_b", "or_b",  "or_c",   "or_d",    "or_i",
    "andor",   "thresh", "a",       "s",     "c",     "d",     "v",      "j",       "n"};

size_t number_size(uint32_t number) {
    return number <= 16 ? 1 : 1 + encode_script_number(number).size;
}

/// Bytes that the fragment adds to its children.
size_t own_size(const MiniscriptNode& node, MiniscriptContext context, bool child_has_x) {
    const size_t key_size = context == MiniscriptContext::tapscript ? 33 : 34;  // with its push
    switch (node.fragment) {
        case Fragment::pk_k:
            return key_size;
        case Fragment::pk_h:
            return 24;
        case Fragment::older:
        case Fragment::after:
            return 1 + number_size(node.number);
        case Fragment::sha256:
        case Fragment::hash256:
            return 39;
        case Fragment::ripemd160:
        case Fragment::hash160:
            return 27;
        case Fragment::multi:
            return 1 + number_size(node.number) + number_size(node.count) + key_size * node.count;
        case Fragment::multi_a:
            return 1 + number_size(node.number) + (key_size + 1) * node.count;
        case Fragment::and_v:
            return 0;
        case Fragment::wrap_v:
            return child_has_x ? 1 : 0;
        case Fragment::or_c:
        case Fragment::wrap_a:
            return 2;
        case Fragment::or_d:
        case Fragment::or_i:
        case Fragment::andor:
        case Fragment::wrap_d:
            return 3;
        case Fragment::wrap_j:
            return 4;
        case Fragment::thresh:
            return node.count + number_size(node.number);
        default:
            return 1;
    }
}

}  // namespace

std::string_view fragment_name(Fragment fragment) {
    return kNames[static_cast<size_t>(fragment)];
}

size_t miniscript_size_max(MiniscriptContext context) {
    constexpr size_t kP2wsh = 3600;
    // 400,000 weight units, less a transaction with one input and one P2WSH output, 1,000 stack
    // items of the size of a signature, the largest control block, and the lengths of all.
    constexpr size_t kTapscript = 329'482;
    return context == MiniscriptContext::p2wsh ? kP2wsh : kTapscript;
}

// --- building ------------------------------------------------------------------------------------

uint32_t MiniscriptBuilder::leaf(Fragment fragment, uint32_t number) {
    return append({.fragment = fragment, .number = number});
}

uint32_t MiniscriptBuilder::hash(Fragment fragment, ByteSpan digest) {
    const auto first = static_cast<uint32_t>(result_.hashes_.size());
    result_.hashes_.push_back(to_bytes(digest));
    return append({.fragment = fragment, .first = first});
}

uint32_t MiniscriptBuilder::keys(Fragment fragment, uint32_t number, uint32_t count) {
    const uint32_t first = result_.key_count_;
    result_.key_count_ += count;
    return append({.fragment = fragment, .number = number, .first = first, .count = count});
}

uint32_t MiniscriptBuilder::inner(Fragment fragment, uint32_t number,
                                  std::span<const uint32_t> children) {
    const auto first = static_cast<uint32_t>(result_.children_.size());
    result_.children_.insert(result_.children_.end(), children.begin(), children.end());
    return append({.fragment = fragment,
                   .number = number,
                   .first = first,
                   .count = static_cast<uint32_t>(children.size())});
}

uint32_t MiniscriptBuilder::append(MiniscriptNode node) {
    child_types_.clear();
    size_t size = 0;
    for (const uint32_t child : result_.children(node)) {
        child_types_.push_back(result_.nodes_[child].type);
        size += result_.nodes_[child].script_size;
    }
    node.type =
        type_of(node.fragment,
                {.context = result_.context_, .number = node.number, .children = child_types_});
    size += own_size(node, result_.context_, !child_types_.empty() && child_types_[0].has("x"));
    // Fragments that add no bytes could still be nested without end.
    const size_t size_max = miniscript_size_max(result_.context_);
    if (size > size_max || result_.nodes_.size() > 4 * size_max) too_large_ = true;
    node.script_size = static_cast<uint32_t>(std::min(size, size_max + 1));
    result_.nodes_.push_back(node);
    return static_cast<uint32_t>(result_.nodes_.size() - 1);
}

std::optional<Miniscript> MiniscriptBuilder::finish() {
    if (too_large_ || result_.nodes_.empty()) return std::nullopt;
    return std::move(result_);
}

// --- script --------------------------------------------------------------------------------------

namespace {

/// Writes the script of a valid expression, with a stack of what is still to be written.
class ScriptWriter {
 public:
    ScriptWriter(const Miniscript& expression, std::span<const Bytes> keys)
        : expression_(expression), keys_(keys) {}

    Script write() {
        visit(static_cast<uint32_t>(expression_.nodes().size() - 1));
        while (!pending_.empty()) {
            const Task task = pending_.back();
            pending_.pop_back();
            if (task.kind == Task::Kind::node)
                visit(task.value);
            else if (task.kind == Task::Kind::opcode)
                bytes_.push_back(static_cast<uint8_t>(task.value));
            else if (task.kind == Task::Kind::number)
                push_number(task.value);
            else
                verify(task.value != 0);
        }
        return Script{bytes_};
    }

 private:
    struct Task {
        enum class Kind : uint8_t { node, opcode, number, verify } kind = Kind::opcode;
        uint32_t value = 0;  ///< a node, an opcode, a number; or whether VERIFY is separate
    };
    static Task node(uint32_t position) { return {Task::Kind::node, position}; }
    static Task op(uint8_t opcode) { return {Task::Kind::opcode, opcode}; }

    void later(std::initializer_list<Task> tasks) {
        pending_.insert(pending_.end(), std::rbegin(tasks), std::rend(tasks));
    }
    void push(ByteSpan data) { append(bytes_, ScriptBuilder{}.push(data).build().bytes()); }
    void push_number(uint32_t number) {
        append(bytes_, ScriptBuilder{}.push_number(number).build().bytes());
    }
    /// CHECKSIG, CHECKMULTISIG, EQUAL and NUMEQUAL are each followed by their VERIFY form.
    void verify(bool separate) {
        if (separate)
            bytes_.push_back(OP_VERIFY);
        else
            ++bytes_.back();
    }

    void visit(uint32_t position) {
        const MiniscriptNode& at = expression_.nodes()[position];
        if (Miniscript::is_wrapper(at.fragment))
            visit_wrapper(at.fragment, expression_.children(at)[0]);
        else if (Miniscript::has_children(at))
            visit_inner(at);
        else
            write_leaf(at);
    }

    void write_leaf(const MiniscriptNode& at) {
        switch (at.fragment) {
            case Fragment::zero:
            case Fragment::one:
                push_number(at.fragment == Fragment::one ? 1 : 0);
                break;
            case Fragment::pk_k:
                push(keys_[at.first]);
                break;
            case Fragment::pk_h:
                append(bytes_, std::array<uint8_t, 2>{OP_DUP, OP_HASH160});
                push(parley::hash160(keys_[at.first]));
                bytes_.push_back(OP_EQUALVERIFY);
                break;
            case Fragment::older:
            case Fragment::after:
                push_number(at.number);
                bytes_.push_back(at.fragment == Fragment::older ? OP_CHECKSEQUENCEVERIFY
                                                                : OP_CHECKLOCKTIMEVERIFY);
                break;
            case Fragment::multi:
                push_number(at.number);
                for (uint32_t i = 0; i < at.count; ++i) push(keys_[at.first + i]);
                push_number(at.count);
                bytes_.push_back(OP_CHECKMULTISIG);
                break;
            case Fragment::multi_a:
                for (uint32_t i = 0; i < at.count; ++i) {
                    push(keys_[at.first + i]);
                    bytes_.push_back(i == 0 ? OP_CHECKSIG : OP_CHECKSIGADD);
                }
                push_number(at.number);
                bytes_.push_back(OP_NUMEQUAL);
                break;
            default:
                write_hash(at);
        }
    }

    void write_hash(const MiniscriptNode& at) {
        bytes_.push_back(OP_SIZE);
        push_number(32);
        bytes_.push_back(OP_EQUALVERIFY);
        bytes_.push_back(at.fragment == Fragment::sha256      ? OP_SHA256
                         : at.fragment == Fragment::hash256   ? OP_HASH256
                         : at.fragment == Fragment::ripemd160 ? OP_RIPEMD160
                                                              : OP_HASH160);
        push(expression_.hash(at));
        bytes_.push_back(OP_EQUAL);
    }

    void visit_wrapper(Fragment fragment, uint32_t child) {
        const Task x = node(child);
        switch (fragment) {
            case Fragment::wrap_a:
                return later({op(OP_TOALTSTACK), x, op(OP_FROMALTSTACK)});
            case Fragment::wrap_s:
                return later({op(OP_SWAP), x});
            case Fragment::wrap_c:
                return later({x, op(OP_CHECKSIG)});
            case Fragment::wrap_d:
                return later({op(OP_DUP), op(OP_IF), x, op(OP_ENDIF)});
            case Fragment::wrap_v: {
                const uint32_t separate = expression_.nodes()[child].type.has("x") ? 1 : 0;
                return later({x, Task{Task::Kind::verify, separate}});
            }
            case Fragment::wrap_j:
                return later({op(OP_SIZE), op(OP_0NOTEQUAL), op(OP_IF), x, op(OP_ENDIF)});
            default:
                return later({x, op(OP_0NOTEQUAL)});
        }
    }

    void visit_inner(const MiniscriptNode& at) {
        const auto children = expression_.children(at);
        if (at.fragment == Fragment::thresh) return visit_threshold(at, children);
        const Task x = node(children[0]);
        const Task y = node(children[1]);
        switch (at.fragment) {
            case Fragment::and_v:
                return later({x, y});
            case Fragment::and_b:
                return later({x, y, op(OP_BOOLAND)});
            case Fragment::or_b:
                return later({x, y, op(OP_BOOLOR)});
            case Fragment::or_c:
                return later({x, op(OP_NOTIF), y, op(OP_ENDIF)});
            case Fragment::or_d:
                return later({x, op(OP_IFDUP), op(OP_NOTIF), y, op(OP_ENDIF)});
            case Fragment::or_i:
                return later({op(OP_IF), x, op(OP_ELSE), y, op(OP_ENDIF)});
            default:  // andor
                return later({x, op(OP_NOTIF), node(children[2]), op(OP_ELSE), y, op(OP_ENDIF)});
        }
    }

    void visit_threshold(const MiniscriptNode& at, std::span<const uint32_t> children) {
        later({Task{Task::Kind::number, at.number}, op(OP_EQUAL)});
        for (size_t i = children.size(); i-- > 0;) {
            if (i > 0) pending_.push_back(op(OP_ADD));
            pending_.push_back(node(children[i]));
        }
    }

    const Miniscript& expression_;
    const std::span<const Bytes> keys_;
    std::vector<Task> pending_;
    Bytes bytes_;
};

}  // namespace

Script Miniscript::script(std::span<const Bytes> keys) const {
    CHECK(keys.size() == key_count_ && type().is_valid());
    return ScriptWriter{*this, keys}.write();
}

// --- text ----------------------------------------------------------------------------------------

namespace {

class TextWriter {
 public:
    TextWriter(const Miniscript& expression, const Miniscript::KeyText& key_text)
        : expression_(expression), key_text_(key_text) {}

    std::string write(size_t position) {
        visit(static_cast<uint32_t>(position), false);
        while (!pending_.empty()) {
            const Task task = pending_.back();
            pending_.pop_back();
            if (task.literal.empty())
                visit(task.node, task.in_wrapper);
            else
                text_ += task.literal;
        }
        return std::move(text_);
    }

 private:
    struct Task {
        uint32_t node = 0;
        bool in_wrapper = false;     ///< letters precede it: a colon separates them
        std::string_view literal{};  ///< if not empty, instead of a node
    };

    Fragment fragment_at(uint32_t position) const { return expression_.nodes()[position].fragment; }
    bool is_call_of_key(const MiniscriptNode& at) const {
        if (at.fragment != Fragment::wrap_c) return false;
        const Fragment inner = fragment_at(expression_.children(at)[0]);
        return inner == Fragment::pk_k || inner == Fragment::pk_h;
    }

    /// t:X is and_v(X,1), l:X is or_i(0,X), u:X is or_i(X,0). Returns the letter and X.
    std::optional<std::pair<char, uint32_t>> as_wrapper(const MiniscriptNode& at) const {
        if (!Miniscript::has_children(at) || is_call_of_key(at)) return std::nullopt;
        const auto children = expression_.children(at);
        if (Miniscript::is_wrapper(at.fragment))
            return std::pair{fragment_name(at.fragment)[0], children[0]};
        if (at.fragment == Fragment::and_v && fragment_at(children[1]) == Fragment::one)
            return std::pair{'t', children[0]};
        if (at.fragment != Fragment::or_i) return std::nullopt;
        if (fragment_at(children[0]) == Fragment::zero) return std::pair{'l', children[1]};
        if (fragment_at(children[1]) == Fragment::zero) return std::pair{'u', children[0]};
        return std::nullopt;
    }

    void visit(uint32_t position, bool in_wrapper) {
        const MiniscriptNode& at = expression_.nodes()[position];
        if (const auto wrapper = as_wrapper(at)) {
            text_ += wrapper->first;
            pending_.push_back({wrapper->second, true});
            return;
        }
        if (in_wrapper) text_ += ':';
        if (is_call_of_key(at)) {
            const MiniscriptNode& key = expression_.nodes()[expression_.children(at)[0]];
            text_ += key.fragment == Fragment::pk_k ? "pk(" : "pkh(";
            text_ += key_text_(key.first) + ')';
        } else if (Miniscript::has_children(at)) {
            visit_inner(at);
        } else {
            write_leaf(at);
        }
    }

    void visit_inner(const MiniscriptNode& at) {
        auto children = expression_.children(at);
        const bool and_n =
            at.fragment == Fragment::andor && fragment_at(children[2]) == Fragment::zero;
        text_ += and_n ? std::string_view{"and_n"} : fragment_name(at.fragment);
        text_ += '(';
        if (and_n) children = children.first(2);
        if (at.fragment == Fragment::thresh) text_ += std::to_string(at.number) + ',';
        pending_.push_back({.literal = ")"});
        for (size_t i = children.size(); i-- > 0;) {
            pending_.push_back({.node = children[i]});
            if (i > 0) pending_.push_back({.literal = ","});
        }
    }

    void write_leaf(const MiniscriptNode& at) {
        text_ += fragment_name(at.fragment);
        if (at.fragment == Fragment::zero || at.fragment == Fragment::one) return;
        text_ += '(';
        if (Miniscript::is_hash(at.fragment)) text_ += to_hex(expression_.hash(at));
        if (at.number > 0) text_ += std::to_string(at.number);
        for (uint32_t i = 0; Miniscript::has_keys(at.fragment) && i < at.count; ++i) {
            if (i > 0 || at.number > 0) text_ += ',';
            text_ += key_text_(at.first + i);
        }
        text_ += ')';
    }

    const Miniscript& expression_;
    const Miniscript::KeyText& key_text_;
    std::vector<Task> pending_;
    std::string text_;
};

}  // namespace

std::string Miniscript::to_string(size_t node, const KeyText& key_text) const {
    return TextWriter{*this, key_text}.write(node);
}

}  // namespace parley
