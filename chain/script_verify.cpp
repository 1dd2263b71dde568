#include "chain/script_verify.h"

#include <algorithm>

#include "base/check.h"
#include "base/crypto/keys.h"
#include "chain/script_check.h"
#include "chain/script_ops.h"
#include "chain/sighash.h"

namespace parley {
namespace {

constexpr size_t kScriptSizeMax = 10'000;
constexpr size_t kPushSizeMax = 520;
constexpr size_t kStackItemsMax = 1'000;

using Result = std::optional<ScriptError>;  // empty: goes on
using Stack = std::vector<Bytes>;

enum class SignatureVersion : bool { base, witness_v0 };

// One input's verification: the parts of the check and the order of the rules.
class InputVerifier {
 public:
    explicit InputVerifier(const ScriptCheck& check)
        : check_(check),
          input_(check.transaction->inputs()[check.input]),
          script_(check.spent.script_pubkey) {}

    Result run() {
        if (has(kVerifySigPushOnly) && !is_push_only(input_.script_sig.bytes()))
            return ScriptError::push_only;
        Stack stack;
        if (auto error = push_script_sig(stack)) return error;
        const auto witness = witness_program(script_);
        if (witness || match_p2sh(script_)) return run_program(witness);
        if (auto error = run_template(stack)) return error;
        if (!cast_to_bool(stack.back())) return ScriptError::eval_false;
        if (has(kVerifyCleanStack) && stack.size() != 1) return ScriptError::clean_stack;
        if (has(kVerifyWitness) && !input_.witness.empty()) return ScriptError::witness_unexpected;
        return {};
    }

 private:
    bool has(ScriptFlags flag) const { return (check_.flags & flag) != 0; }

    static bool cast_to_bool(const Bytes& item) {
        for (size_t i = 0; i < item.size(); ++i) {
            if (item[i] != 0) return i + 1 != item.size() || item[i] != 0x80;  // negative zero
        }
        return false;
    }

    Result push_script_sig(Stack& stack) const {
        if (input_.script_sig.size() > kScriptSizeMax) return ScriptError::script_size;
        ScriptOps ops(input_.script_sig.bytes());
        while (const auto op = ops.next()) {
            if (op->opcode > OP_16) return ScriptError::unsupported;
            if (op->opcode == OP_RESERVED) return ScriptError::malformed;
            if (op->data.size() > kPushSizeMax) return ScriptError::push_size;
            if (has(kVerifyMinimalData) && !is_minimal_push(*op)) return ScriptError::minimal_data;
            if (op->opcode <= OP_PUSHDATA4) {
                stack.push_back(to_bytes(op->data));
            } else if (op->opcode == OP_1NEGATE) {
                stack.push_back(Bytes{0x81});
            } else {
                stack.push_back(Bytes{static_cast<uint8_t>(op->opcode - OP_1 + 1)});
            }
            if (stack.size() > kStackItemsMax) return ScriptError::stack_size;
        }
        if (ops.malformed()) return ScriptError::malformed;
        return {};
    }

    // Leaves the result on top of the stack.
    Result run_template(Stack& stack) const {
        if (script_.bytes() == Bytes{OP_TRUE}) {
            stack.push_back(Bytes{1});
            return stack.size() > kStackItemsMax ? Result{ScriptError::stack_size} : Result{};
        }
        if (const auto key = match_p2pk(script_)) {
            stack.push_back(to_bytes(*key));
        } else if (const auto key_hash = match_p2pkh(script_)) {
            if (stack.empty()) return ScriptError::stack_operation;
            if (hash160(stack.back()) != *key_hash) return ScriptError::equal_verify;
        } else {
            return ScriptError::unsupported;
        }
        return check_signature(stack, script_, SignatureVersion::base);
    }

    // BIP141 programs and BIP16 hashes.
    Result run_program(const std::optional<WitnessProgram>& witness) const {
        if (!witness || !has(kVerifyWitness)) return ScriptError::unsupported;
        if (!input_.script_sig.empty()) return ScriptError::witness_malleated;
        if (witness->version != 0) return ScriptError::unsupported;
        if (witness->program.size() == Hash256::kSize) {
            return input_.witness.empty() ? ScriptError::witness_empty : ScriptError::unsupported;
        }
        const auto key_hash = match_p2wpkh(script_);
        if (!key_hash) return ScriptError::witness_length;
        if (input_.witness.size() != 2) return ScriptError::witness_mismatch;
        Stack stack = input_.witness;
        for (const auto& item : stack) {
            if (item.size() > kPushSizeMax) return ScriptError::push_size;
        }
        if (hash160(stack.back()) != *key_hash) return ScriptError::equal_verify;
        if (auto error =
                check_signature(stack, p2pkh_script(*key_hash), SignatureVersion::witness_v0)) {
            return error;
        }
        CHECK(stack.size() == 1);
        return cast_to_bool(stack.back()) ? Result{} : Result{ScriptError::eval_false};
    }

    // OP_CHECKSIG: takes key and signature off the stack, puts the verdict there.
    Result check_signature(Stack& stack, const Script& code, SignatureVersion version) const {
        if (stack.size() < 2) return ScriptError::stack_operation;
        const Bytes key = std::move(stack.back());
        stack.pop_back();
        const Bytes signature = std::move(stack.back());
        stack.pop_back();
        if (auto error = check_encodings(signature, key, version)) return error;
        const bool valid = verify_signature(signature, key, code, version);
        if (!valid && has(kVerifyNullFail) && !signature.empty())
            return ScriptError::signature_mismatch;
        stack.push_back(valid ? Bytes{1} : Bytes{});
        return {};
    }

    Result check_encodings(ByteSpan signature, ByteSpan key, SignatureVersion version) const {
        const bool strict = has(kVerifyDerSignatures | kVerifyLowS | kVerifyStrictEncoding);
        if (!signature.empty()) {
            if (strict && !is_strict_der_signature(signature))
                return ScriptError::signature_encoding;
            if (has(kVerifyLowS) && !has_low_s(signature)) return ScriptError::signature_high_s;
            if (has(kVerifyStrictEncoding) && !has_defined_hash_type(signature))
                return ScriptError::signature_hash_type;
        }
        if (has(kVerifyStrictEncoding) && !is_compressed_or_uncompressed_key(key))
            return ScriptError::public_key_type;
        if (version == SignatureVersion::witness_v0 && has(kVerifyWitnessPublicKeyType) &&
            !is_compressed_key(key)) {
            return ScriptError::witness_public_key_type;
        }
        return {};
    }

    // FindAndDelete has nothing to do here: the code of these templates holds no signature.
    bool verify_signature(ByteSpan signature, ByteSpan key, const Script& code,
                          SignatureVersion version) const {
        if (signature.empty()) return false;
        const uint32_t hash_type = signature.back();
        const TransactionData& data = check_.transaction->data();
        const Hash256 message =
            version == SignatureVersion::witness_v0
                ? witness_v0_signature_hash(data, check_.input, code.bytes(), check_.spent.value,
                                            hash_type, check_.sighash_parts.get())
                : legacy_signature_hash(data, check_.input, code.bytes(), hash_type);
        return verify_ecdsa(key, message, signature.first(signature.size() - 1));
    }

    const ScriptCheck& check_;
    const TxInput& input_;
    const Script& script_;
};

}  // namespace

std::optional<ScriptError> run_script_check(const ScriptCheck& check) {
    CHECK(check.transaction != nullptr);
    CHECK(check.input < check.transaction->inputs().size());
    return InputVerifier(check).run();
}

std::optional<ScriptFailure> InlineScriptVerifier::verify_all(std::span<const ScriptCheck> checks) {
    for (size_t i = 0; i < checks.size(); ++i) {
        if (const auto error = run_script_check(checks[i])) return ScriptFailure{i, *error};
    }
    return {};
}

std::string_view to_string(ScriptError error) {
    switch (error) {
        case ScriptError::eval_false:
            return "Script evaluated without error but finished with a false/empty top stack "
                   "element";
        case ScriptError::malformed:
            return "Opcode missing or not understood";
        case ScriptError::script_size:
            return "Script is too big";
        case ScriptError::push_size:
            return "Push value size limit exceeded";
        case ScriptError::stack_size:
            return "Stack size limit exceeded";
        case ScriptError::stack_operation:
            return "Operation not valid with the current stack size";
        case ScriptError::minimal_data:
            return "Data push larger than necessary";
        case ScriptError::signature_encoding:
            return "Non-canonical DER signature";
        case ScriptError::signature_hash_type:
            return "Signature hash type missing or not understood";
        case ScriptError::signature_high_s:
            return "Non-canonical signature: S value is unnecessarily high";
        case ScriptError::public_key_type:
            return "Public key is neither compressed or uncompressed";
        case ScriptError::signature_mismatch:
            return "Signature must be zero for failed CHECK(MULTI)SIG operation";
        case ScriptError::equal_verify:
            return "Script failed an OP_EQUALVERIFY operation";
        case ScriptError::clean_stack:
            return "Stack size must be exactly one after execution";
        case ScriptError::push_only:
            return "Only push operators allowed in signatures";
        case ScriptError::witness_mismatch:
            return "Witness program hash mismatch";
        case ScriptError::witness_empty:
            return "Witness program was passed an empty witness";
        case ScriptError::witness_length:
            return "Witness program has incorrect length";
        case ScriptError::witness_unexpected:
            return "Witness provided for non-witness script";
        case ScriptError::witness_malleated:
            return "Witness requires empty scriptSig";
        case ScriptError::witness_public_key_type:
            return "Using non-compressed keys in segwit";
        case ScriptError::unsupported:
            return "Script form not supported by this build";
    }
    return "unknown error";
}

}  // namespace parley
