// The order in which the scripts of an input run: script_sig and the spent script, BIP16's redeem
// script, and the witness programs of BIP141 and BIP341.
#include "base/check.h"
#include "base/crypto/hash.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/primitives/script_number.h"
#include "chain/script/hash_stream.h"
#include "chain/script/script_check.h"
#include "chain/script/script_interpreter.h"
#include "chain/script/taproot.h"

namespace parley {
namespace {

using Result = ScriptInterpreter::Result;

constexpr size_t kKeyHashSize = 20;
// Enough for common scripts.
constexpr size_t kStackReserve = 4;

// Whether `script` consists only of the push of `data`, without OP_N.
bool is_push_of(ByteSpan script, ByteSpan data) {
    ScriptOps ops(script);
    const auto op = ops.next();
    return op && ops.rest().empty() && op->opcode <= OP_PUSHDATA4 && op->opcode != OP_0 &&
           is_minimal_push(*op) && std::ranges::equal(op->data, data);
}

// One input's verification.
class InputVerifier {
 public:
    InputVerifier(const ScriptCheck& check, SignatureCache* cache)
        : flags_(check.flags),
          input_(check.spending->input(check.input)),
          script_(check.spending->spent(check.input).script_pubkey),
          checker_(*check.spending, check.input, cache, check.remember) {}

    Result run() {
        const ByteSpan script_sig = input_.script_sig.bytes();
        if (has(kVerifySigPushOnly) && !is_push_only(script_sig))
            return ScriptError::signature_push_only;
        ScriptStack stack;
        stack.reserve(kStackReserve);
        if (auto error = run_base(stack, script_sig)) return error;
        const bool is_p2sh = has(kVerifyP2sh) && match_p2sh(script_).has_value();
        ScriptStack pushed;
        if (is_p2sh) pushed = stack;
        if (auto error = run_base(stack, script_.bytes())) return error;
        if (auto error = check_result(stack)) return error;
        const auto program = has(kVerifyWitness) ? witness_program(script_) : std::nullopt;
        if (program) {
            if (!script_sig.empty()) return ScriptError::witness_malleated;
            if (auto error = run_program(*program, false)) return error;
            stack.resize(1);  // witness programs have their own clean-stack rule
        }
        bool has_program = program.has_value();
        if (is_p2sh) {
            if (!is_push_only(script_sig)) return ScriptError::signature_push_only;
            stack = std::move(pushed);
            if (auto error = run_redeem_script(stack, has_program)) return error;
        }
        if (has(kVerifyCleanStack) && stack.size() != 1) return ScriptError::clean_stack;
        if (has(kVerifyWitness) && !has_program && !input_.witness.empty())
            return ScriptError::witness_unexpected;
        return {};
    }

 private:
    bool has(ScriptFlags flag) const { return (flags_ & flag) != 0; }

    static Result check_result(const ScriptStack& stack) {
        if (stack.empty() || !cast_to_bool(stack.back().bytes())) return ScriptError::eval_false;
        return {};
    }

    Result run_base(ScriptStack& stack, ByteSpan script) const {
        return ScriptInterpreter(stack, flags_, checker_, SignatureVersion::base).run(script);
    }

    // BIP16: the last item pushed by script_sig is the redeem script, and the others are its
    // arguments.
    Result run_redeem_script(ScriptStack& stack, bool& has_program) const {
        const StackItem redeem_item = stack.back();
        const ByteSpan redeem = redeem_item.bytes();
        stack.pop_back();
        if (auto error = run_base(stack, redeem)) return error;
        if (auto error = check_result(stack)) return error;
        const auto program = has(kVerifyWitness) ? witness_program(redeem) : std::nullopt;
        if (!program) return {};
        has_program = true;
        if (!is_push_of(input_.script_sig.bytes(), redeem))
            return ScriptError::witness_malleated_p2sh;
        if (auto error = run_program(*program, true)) return error;
        stack.resize(1);
        return {};
    }

    Result run_program(const WitnessProgram& program, bool is_p2sh) const {
        const size_t size = program.program.size();
        if (program.version == 0) {
            if (size == kKeyHashSize) return run_key_hash(program.program);
            return size == Hash256::kSize ? run_script_hash(program.program)
                                          : Result{ScriptError::witness_length};
        }
        if (program.version == 1 && size == Hash256::kSize && !is_p2sh)
            return has(kVerifyTaproot) ? run_taproot(program.program) : Result{};
        if (is_anchor(program) && !is_p2sh) return {};
        if (has(kVerifyDiscourageUpgradableWitness))
            return ScriptError::discourage_upgradable_witness;
        return {};
    }

    Result run_key_hash(ByteSpan hash) const {
        if (input_.witness.size() != 2) return ScriptError::witness_mismatch;
        std::array<uint8_t, 25> script{OP_DUP, OP_HASH160, kKeyHashSize};
        std::copy(hash.begin(), hash.end(), script.begin() + 3);
        script[23] = OP_EQUALVERIFY;
        script[24] = OP_CHECKSIG;
        return run_witness_script(input_.witness.items(), script, SignatureVersion::witness_v0,
                                  nullptr);
    }

    Result run_script_hash(ByteSpan hash) const {
        WitnessItems items = input_.witness.items();
        if (items.empty()) return ScriptError::witness_empty;
        const ByteSpan script = items.back();
        items = items.first(items.size() - 1);
        if (!std::ranges::equal(sha256(script).span(), hash)) return ScriptError::witness_mismatch;
        return run_witness_script(items, script, SignatureVersion::witness_v0, nullptr);
    }

    Result run_taproot(ByteSpan output_key) const {
        WitnessItems items = input_.witness.items();
        if (items.empty()) return ScriptError::witness_empty;
        TapscriptState state;
        if (items.size() >= 2 && !items.back().empty() && items.back()[0] == kAnnexTag) {
            state.spend.annex_hash = HashStream{}.var_bytes(items.back()).once();
            items = items.first(items.size() - 1);
        }
        if (items.size() == 1) return checker_.check_schnorr(output_key, items[0], state.spend);
        const ByteSpan control = items.back();
        const ByteSpan script = items[items.size() - 2];
        items = items.first(items.size() - 2);
        if (!is_control_block_size(control.size())) return ScriptError::taproot_control_size;
        const auto leaf_version = static_cast<uint8_t>(control[0] & kLeafVersionMask);
        const Hash256 leaf_hash = tapleaf_hash(leaf_version, script);
        if (!verify_taproot_commitment(control, output_key, leaf_hash))
            return ScriptError::witness_mismatch;
        if (leaf_version != kTapscriptLeafVersion) {
            return has(kVerifyDiscourageUpgradableTaproot)
                       ? Result{ScriptError::discourage_upgradable_taproot}
                       : Result{};
        }
        state.spend.leaf_hash = leaf_hash;
        state.weight_left =
            static_cast<int64_t>(input_.witness.encoded_size()) + kTapscriptSigopWeight;
        return run_tapscript(items, script, state);
    }

    Result run_tapscript(const WitnessItems& items, ByteSpan script, TapscriptState& state) const {
        ScriptOps ops(script);
        while (const auto op = ops.next()) {
            if (!is_op_success(op->opcode)) continue;
            return has(kVerifyDiscourageOpSuccess) ? Result{ScriptError::discourage_op_success}
                                                   : Result{};
        }
        if (ops.malformed()) return ScriptError::bad_opcode;
        if (items.size() > kScriptItemsMax) return ScriptError::stack_size;
        return run_witness_script(items, script, SignatureVersion::tapscript, &state);
    }

    Result run_witness_script(const WitnessItems& items, ByteSpan script, SignatureVersion version,
                              TapscriptState* state) const {
        ScriptStack stack;
        stack.reserve(items.size() + kStackReserve);
        for (const ByteSpan item : items) {
            if (item.size() > kScriptItemSizeMax) return ScriptError::push_size;
            stack.push_back(StackItem::borrow(item));
        }
        if (auto error = ScriptInterpreter(stack, flags_, checker_, version, state).run(script))
            return error;
        if (stack.size() != 1) return ScriptError::clean_stack;
        return check_result(stack);
    }

    const ScriptFlags flags_;
    const TxInput& input_;
    const Script& script_;
    const InputChecker checker_;
};

class InlineRun final : public ScriptRun {
 public:
    void add(std::vector<ScriptCheck> checks) override {
        for (const ScriptCheck& check : checks) {
            if (failure_) return;
            if (const auto error = run_script_check(check))
                failure_ = {count_, *error, check.spending, check.input};
            ++count_;
        }
    }
    std::optional<ScriptFailure> finish() override { return failure_; }

 private:
    size_t count_ = 0;
    std::optional<ScriptFailure> failure_;
};

}  // namespace

void add_script_checks(const TransactionRef& transaction, std::vector<TxOutput> spent,
                       ScriptFlags flags, bool remember, std::vector<ScriptCheck>& checks) {
    const auto spending =
        std::make_shared<const SpendingTransaction>(transaction, std::move(spent));
    for (uint32_t i = 0; i < transaction->inputs().size(); ++i)
        checks.push_back(ScriptCheck{spending, i, flags, remember});
}

std::optional<ScriptError> run_script_check(const ScriptCheck& check, SignatureCache* cache) {
    CHECK(check.spending != nullptr && is_consistent(check.flags));
    CHECK(check.input < check.spending->transaction().inputs().size());
    return InputVerifier(check, cache).run();
}

std::optional<ScriptFailure> ScriptVerifier::verify_all(std::vector<ScriptCheck> checks) {
    const auto run = begin();
    run->add(std::move(checks));
    return run->finish();
}

std::unique_ptr<ScriptRun> InlineScriptVerifier::begin() {
    return std::make_unique<InlineRun>();
}

}  // namespace parley
