// Recovers a miniscript from a script, read from its end: the last opcode tells the fragment. The
// result is compiled again and must be the same script, so that forms of pushes and VERIFYs that no
// fragment has need no rules of their own.
#include <algorithm>
#include <array>

#include "chain/primitives/consensus_limits.h"
#include "chain/primitives/script_number.h"
#include "chain/primitives/script_ops.h"
#include "wallet/miniscript/miniscript.h"

namespace parley {
namespace {

/// A fragment as found; children and keys are in reading order, from right to left.
struct FoundNode {
    Fragment fragment = Fragment::zero;
    uint32_t number = 0;
    std::vector<uint32_t> children{};
    std::vector<Bytes> data{};  ///< keys, or the hash
};

/// The opcodes from the last to the first, with VERIFY forms split into two.
std::optional<std::vector<ScriptOp>> reversed_ops(const Script& script) {
    std::vector<ScriptOp> result;
    ScriptOps ops{script.bytes()};
    while (const auto op = ops.next()) {
        switch (op->opcode) {
            case OP_EQUALVERIFY:
            case OP_NUMEQUALVERIFY:
            case OP_CHECKSIGVERIFY:
            case OP_CHECKMULTISIGVERIFY:
                result.push_back({static_cast<uint8_t>(op->opcode - 1), {}});
                result.push_back({OP_VERIFY, {}});
                break;
            default:
                result.push_back(*op);
        }
    }
    if (ops.malformed()) return std::nullopt;
    std::reverse(result.begin(), result.end());
    return result;
}

class MiniscriptDecoder {
 public:
    MiniscriptDecoder(std::vector<ScriptOp> ops, MiniscriptContext context,
                      const Miniscript::KeyOfHash& key_of_hash)
        : ops_(std::move(ops)), context_(context), key_of_hash_(key_of_hash) {}

    std::optional<Miniscript::Decoded> decode() {
        todo_ = {Step::chain};
        while (!todo_.empty()) {
            const Task task = todo_.back();
            todo_.pop_back();
            if (!run(task)) return std::nullopt;
        }
        if (next_ != ops_.size() || values_.size() != 1) return std::nullopt;
        return in_post_order(values_.back());
    }

 private:
    /// What to read next. Each step leaves one value, except those that combine values.
    enum class Step : uint8_t {
        chain,           ///< one expression, or several joined by and_v
        single,          ///< one expression of type B, K or V
        after_single,    ///< join what precedes it by and_v, if anything does
        argument,        ///< of type W
        expect,          ///< the opcode `value`
        combine,         ///< the last `count` values by `fragment`
        after_endif,     ///< the expression before ENDIF is read
        after_else,      ///< the two expressions around ELSE are read
        next_of_thresh,  ///< `count` arguments of a threshold `value` are read
    };
    struct Task {
        Task(Step step_, Fragment fragment_ = Fragment::zero, uint32_t count_ = 0,
             uint32_t value_ = 0)
            : step(step_), fragment(fragment_), count(count_), value(value_) {}
        Step step;
        Fragment fragment;
        uint32_t count;
        uint32_t value;
    };

    bool more() const { return next_ < ops_.size(); }
    uint8_t peek() const { return more() ? ops_[next_].opcode : uint8_t{0xff}; }
    bool take(uint8_t opcode) {
        if (peek() != opcode || !more()) return false;
        ++next_;
        return true;
    }
    /// The reverse of the order in which they are to run.
    bool then(std::initializer_list<Task> tasks) {
        todo_.insert(todo_.end(), std::rbegin(tasks), std::rend(tasks));
        return true;
    }
    bool leaf(FoundNode node) {
        values_.push_back(static_cast<uint32_t>(nodes_.size()));
        nodes_.push_back(std::move(node));
        return true;
    }

    bool run(const Task& task) {
        switch (task.step) {
            case Step::chain:
                return then({Step::single, Step::after_single});
            case Step::single:
                return read_single();
            case Step::after_single:
                return join();
            case Step::argument:
                if (take(OP_FROMALTSTACK))
                    return then({Step::chain, Task{Step::expect, Fragment::zero, 0, OP_TOALTSTACK},
                                 Task{Step::combine, Fragment::wrap_a, 1}});
                return then({Step::chain, Task{Step::expect, Fragment::zero, 0, OP_SWAP},
                             Task{Step::combine, Fragment::wrap_s, 1}});
            case Step::expect:
                return take(static_cast<uint8_t>(task.value));
            case Step::combine:
                return combine(task);
            case Step::after_endif:
                return close_endif();
            case Step::after_else:
                return close_else();
            case Step::next_of_thresh:
                return continue_threshold(task);
        }
        return false;
    }

    bool combine(const Task& task) {
        FoundNode node{.fragment = task.fragment, .number = task.value};
        const auto first = values_.end() - task.count;
        node.children.assign(first, values_.end());
        values_.erase(first, values_.end());
        // The script has the third argument of andor(X,Y,Z) before the second.
        if (task.fragment == Fragment::andor) std::swap(node.children[0], node.children[1]);
        return leaf(std::move(node));
    }

    bool join() {
        const bool is_start = !more() || peek() == OP_IF || peek() == OP_ELSE ||
                              peek() == OP_NOTIF || peek() == OP_TOALTSTACK || peek() == OP_SWAP;
        if (is_start) return true;
        return then({Step::chain, Task{Step::combine, Fragment::and_v, 2}});
    }

    bool close_endif() {
        if (take(OP_ELSE)) return then({Step::chain, Step::after_else});
        if (take(OP_IF)) {
            if (take(OP_DUP)) return then({Task{Step::combine, Fragment::wrap_d, 1}});
            return take(OP_0NOTEQUAL) && take(OP_SIZE) &&
                   then({Task{Step::combine, Fragment::wrap_j, 1}});
        }
        if (!take(OP_NOTIF)) return false;
        const auto fragment = take(OP_IFDUP) ? Fragment::or_d : Fragment::or_c;
        return then({Step::single, Task{Step::combine, fragment, 2}});
    }

    bool close_else() {
        if (take(OP_IF)) return then({Task{Step::combine, Fragment::or_i, 2}});
        return take(OP_NOTIF) && then({Step::single, Task{Step::combine, Fragment::andor, 3}});
    }

    bool continue_threshold(const Task& task) {
        if (task.count > kChildrenMax) return false;
        Task again = task;
        ++again.count;
        if (take(OP_ADD)) return then({Step::argument, again});
        again.step = Step::combine;
        return task.count + 1 >= task.value && then({Step::single, again});
    }

    bool read_single() {
        if (!more()) return false;
        const ScriptOp op = ops_[next_++];
        switch (op.opcode) {
            case OP_0:
                return leaf({.fragment = Fragment::zero});
            case OP_1:
                return leaf({.fragment = Fragment::one});
            case OP_CHECKSEQUENCEVERIFY:
                return read_lock(Fragment::older);
            case OP_CHECKLOCKTIMEVERIFY:
                return read_lock(Fragment::after);
            case OP_CHECKMULTISIG:
                return read_multi();
            case OP_NUMEQUAL:
                return read_multi_a();
            case OP_CHECKSIG:
                return then({Step::single, Task{Step::combine, Fragment::wrap_c, 1}});
            case OP_0NOTEQUAL:
                return then({Step::single, Task{Step::combine, Fragment::wrap_n, 1}});
            case OP_BOOLAND:
                return then(
                    {Step::argument, Step::single, Task{Step::combine, Fragment::and_b, 2}});
            case OP_BOOLOR:
                return then({Step::argument, Step::single, Task{Step::combine, Fragment::or_b, 2}});
            case OP_ENDIF:
                return then({Step::chain, Step::after_endif});
            case OP_EQUAL:
                return read_equal();
            case OP_VERIFY:
                return read_verify();
            default:
                return is_key(op) &&
                       leaf({.fragment = Fragment::pk_k, .data = {to_bytes(op.data)}});
        }
    }

    bool is_key(const ScriptOp& op) const {
        return op.opcode == (context_ == MiniscriptContext::tapscript ? 32 : 33);
    }
    std::optional<Bytes> take_key() {
        if (!more() || !is_key(ops_[next_])) return std::nullopt;
        return to_bytes(ops_[next_++].data);
    }
    /// A positive number.
    std::optional<uint32_t> take_number() {
        if (!more()) return std::nullopt;
        const ScriptOp& op = ops_[next_];
        std::optional<int64_t> number;
        if (op.opcode >= OP_1 && op.opcode <= OP_16)
            number = op.opcode - OP_1 + 1;
        else if (op.opcode > OP_0 && op.opcode <= kScriptNumberSizeMax)
            number = decode_script_number(op.data, true);
        if (!number || *number < 1) return std::nullopt;
        ++next_;
        return static_cast<uint32_t>(*number);
    }

    bool read_lock(Fragment fragment) {
        const auto number = take_number();
        return number && leaf({.fragment = fragment, .number = *number});
    }

    bool read_multi() {
        const auto count = take_number();
        if (context_ != MiniscriptContext::p2wsh || !count || *count > kMultisigKeysMax)
            return false;
        FoundNode node{.fragment = Fragment::multi};
        while (node.data.size() < *count) {
            auto key = take_key();
            if (!key) return false;
            node.data.push_back(std::move(*key));
        }
        return close_multisig(std::move(node), take_number());
    }

    bool read_multi_a() {
        const auto required = take_number();
        if (context_ != MiniscriptContext::tapscript || !required) return false;
        FoundNode node{.fragment = Fragment::multi_a};
        bool is_first = false;
        while (!is_first) {
            is_first = take(OP_CHECKSIG);
            if (!is_first && !take(OP_CHECKSIGADD)) return false;
            auto key = take_key();
            if (!key || node.data.size() == kChildrenMax) return false;
            node.data.push_back(std::move(*key));
        }
        return close_multisig(std::move(node), required);
    }

    bool close_multisig(FoundNode node, std::optional<uint32_t> required) {
        if (!required || *required > node.data.size()) return false;
        node.number = *required;
        return leaf(std::move(node));
    }

    /// EQUAL ends a hash or a threshold.
    bool read_equal() {
        if (!more()) return false;
        const ScriptOp& op = ops_[next_];
        if (op.opcode == 20 || op.opcode == 32) return read_hash();
        const auto required = take_number();
        return required &&
               continue_threshold({Step::next_of_thresh, Fragment::thresh, 0, *required});
    }

    bool read_hash() {
        const ByteSpan digest = ops_[next_++].data;
        Fragment fragment{};
        if (digest.size() == 32 && take(OP_SHA256))
            fragment = Fragment::sha256;
        else if (digest.size() == 32 && take(OP_HASH256))
            fragment = Fragment::hash256;
        else if (digest.size() == 20 && take(OP_RIPEMD160))
            fragment = Fragment::ripemd160;
        else if (digest.size() == 20 && take(OP_HASH160))
            fragment = Fragment::hash160;
        else
            return false;
        if (!take(OP_VERIFY) || !take(OP_EQUAL) || take_number() != 32 || !take(OP_SIZE))
            return false;
        return leaf({.fragment = fragment, .data = {to_bytes(digest)}});
    }

    /// VERIFY ends a v: wrapper, or a pk_h.
    bool read_verify() {
        constexpr size_t kHashSize = 20;
        const bool is_key_hash = next_ + 3 < ops_.size() && ops_[next_].opcode == OP_EQUAL &&
                                 ops_[next_ + 1].opcode == kHashSize &&
                                 ops_[next_ + 2].opcode == OP_HASH160 &&
                                 ops_[next_ + 3].opcode == OP_DUP;
        if (!is_key_hash) return then({Step::single, Task{Step::combine, Fragment::wrap_v, 1}});
        Hash160 hash{};
        std::ranges::copy(ops_[next_ + 1].data, hash.begin());
        next_ += 4;
        auto key = key_of_hash_(hash);
        return key && leaf({.fragment = Fragment::pk_h, .data = {std::move(*key)}});
    }

    std::optional<Miniscript::Decoded> in_post_order(uint32_t root) {
        struct Visit {
            uint32_t node;
            bool children_done;
        };
        MiniscriptBuilder builder{context_};
        std::vector<Bytes> keys;
        std::vector<uint32_t> built;
        std::vector<Visit> visits{{root, false}};
        while (!visits.empty()) {
            const Visit visit = visits.back();
            visits.pop_back();
            FoundNode& node = nodes_[visit.node];
            if (!visit.children_done && !node.children.empty()) {
                visits.push_back({visit.node, true});
                // Reading order is from right to left: the last one pushed is the leftmost.
                for (const uint32_t child : node.children) visits.push_back({child, false});
                continue;
            }
            const auto first = built.end() - static_cast<ptrdiff_t>(node.children.size());
            std::vector<uint32_t> children(first, built.end());
            built.erase(first, built.end());
            built.push_back(append_to(builder, node, children, keys));
        }
        auto expression = builder.finish();
        if (!expression || !expression->type().has("B")) return std::nullopt;
        return Miniscript::Decoded{std::move(*expression), std::move(keys)};
    }

    static uint32_t append_to(MiniscriptBuilder& builder, FoundNode& node,
                              std::span<const uint32_t> children, std::vector<Bytes>& keys) {
        if (!children.empty()) return builder.inner(node.fragment, node.number, children);
        if (Miniscript::is_hash(node.fragment)) return builder.hash(node.fragment, node.data[0]);
        if (!Miniscript::has_keys(node.fragment)) return builder.leaf(node.fragment, node.number);
        keys.insert(keys.end(), node.data.rbegin(), node.data.rend());
        return builder.keys(node.fragment, node.number, static_cast<uint32_t>(node.data.size()));
    }

    static constexpr size_t kChildrenMax = 999;  // as in the text form

    std::vector<ScriptOp> ops_;
    const MiniscriptContext context_;
    const Miniscript::KeyOfHash& key_of_hash_;
    size_t next_ = 0;
    std::vector<Task> todo_;
    std::vector<FoundNode> nodes_;
    std::vector<uint32_t> values_;
};

}  // namespace

std::optional<Miniscript::Decoded> Miniscript::decode(const Script& script,
                                                      MiniscriptContext context,
                                                      const KeyOfHash& key_of_hash) {
    if (script.size() > miniscript_size_max(context)) return std::nullopt;
    auto ops = reversed_ops(script);
    if (!ops) return std::nullopt;
    auto result = MiniscriptDecoder{std::move(*ops), context, key_of_hash}.decode();
    if (!result || result->expression.script(result->keys) != script) return std::nullopt;
    return result;
}

}  // namespace parley
