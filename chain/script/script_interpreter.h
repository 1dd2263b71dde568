// ScriptInterpreter: runs one script on a stack, with all opcodes and limits of consensus, and the
// policy rules that its flags select. It is only a part of verification: script_verify.cpp decides
// which scripts run on which stack (BIP16, BIP141, BIP341). Internal to chain/ and its tests. Used
// by one thread at a time.
#pragma once

#include <optional>

#include "chain/primitives/script_ops.h"
#include "chain/script/input_checker.h"
#include "chain/script/script_error.h"
#include "chain/script/script_flags.h"
#include "chain/script/script_stack.h"

namespace parley {

/// A tapscript's state besides its stack.
struct TapscriptState {
    TaprootSpend spend;
    int64_t weight_left = 0;  ///< what is left of BIP342's budget for signature checks
};

class ScriptInterpreter {
 public:
    using Result = std::optional<ScriptError>;  // empty: continue

    /// Borrows everything. REQUIRES: `tapscript` is given if and only if the version is tapscript.
    ScriptInterpreter(ScriptStack& stack, ScriptFlags flags, const InputChecker& checker,
                      SignatureVersion version, TapscriptState* tapscript = nullptr);

    /// Runs `script` to its end. Empty: no rule was broken, and the result is on the stack, which
    /// borrows from the script. Call once per interpreter.
    Result run(ByteSpan script);

 private:
    // The nested branches of OP_IF, of which only the outermost branch not taken matters.
    class Conditions {
     public:
        bool empty() const { return depth_ == 0; }
        bool executing() const { return skipped_from_ == kNone; }
        void push(bool taken) {
            if (!taken && executing()) skipped_from_ = depth_;
            ++depth_;
        }
        void pop() {
            if (--depth_ == skipped_from_) skipped_from_ = kNone;
        }
        void toggle() {
            if (executing()) {
                skipped_from_ = depth_ - 1;
            } else if (skipped_from_ == depth_ - 1) {
                skipped_from_ = kNone;
            }
        }

     private:
        static constexpr size_t kNone = ~size_t{0};
        size_t depth_ = 0;
        size_t skipped_from_ = kNone;
    };

    bool has(ScriptFlags flag) const { return (flags_ & flag) != 0; }
    bool is_tapscript() const { return version_ == SignatureVersion::tapscript; }

    Result step(const ScriptOp& op, ByteSpan rest, uint32_t position);
    Result admit(const ScriptOp& op);
    Result execute(uint8_t opcode, ByteSpan rest, uint32_t position);
    Result execute_flow(uint8_t opcode);
    Result begin_condition(uint8_t opcode);
    Result execute_alternate(uint8_t opcode);
    Result execute_stack(uint8_t opcode);
    Result duplicate(size_t count, size_t first);
    Result move_item(bool keep);
    Result execute_comparison(uint8_t opcode);
    Result execute_number(uint8_t opcode);
    Result execute_unary(uint8_t opcode);
    Result execute_binary(uint8_t opcode);
    Result execute_within();
    Result execute_hash(uint8_t opcode);
    Result execute_upgradable(uint8_t opcode);
    Result check_locktime();
    Result check_sequence();
    Result execute_signature(uint8_t opcode);
    Result check_signature(ByteSpan signature, ByteSpan key, bool& good);
    Result check_ecdsa(ByteSpan signature, ByteSpan key, bool& good);
    Result check_tapscript_signature(ByteSpan signature, ByteSpan key, bool& good);
    Result add_signature();
    Result check_multisig(uint8_t opcode);
    Result check_multisig_keys(size_t first_key, size_t keys, size_t first_signature,
                               size_t signatures, ByteSpan code, bool& good);
    Result check_encodings(ByteSpan signature, ByteSpan key) const;
    Result finish_check(bool good, bool verify, ScriptError error);
    Result remove_signature(ByteSpan signature, Bytes& storage, ByteSpan& code) const;

    // REQUIRES: the stack has more than `depth` items; 0 is the top.
    ByteSpan top(size_t depth = 0) const { return stack_[stack_.size() - 1 - depth].bytes(); }
    Result number(size_t depth, int64_t& value, size_t size_max) const;
    Result number(size_t depth, int64_t& value) const;
    void drop(size_t count) { stack_.resize(stack_.size() - count); }
    void push_bool(bool value);
    void push_number(int64_t value);

    ScriptStack& stack_;
    ScriptStack alternate_;
    const ScriptFlags flags_;
    const InputChecker& checker_;
    const SignatureVersion version_;
    TapscriptState* const tapscript_;
    Conditions conditions_;
    ByteSpan code_;  // signed by signatures: the script from the last OP_CODESEPARATOR on
    int op_count_ = 0;
};

/// Removes every occurrence of `pattern` that begins at an opcode. Empty: there is none.
std::optional<Bytes> find_and_delete(ByteSpan script, ByteSpan pattern);

}  // namespace parley
