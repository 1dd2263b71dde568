// The opcodes that check signatures.
#include "base/check.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/primitives/opcode.h"
#include "chain/primitives/script_number.h"
#include "chain/script/script_interpreter.h"
#include "chain/script/signature_encoding.h"

namespace parley {
namespace {

constexpr size_t kSchnorrKeySize = 32;

// A push of `data` with the shortest length prefix, but without OP_N: the pattern that
// FindAndDelete looks for.
Bytes plain_push(ByteSpan data) {
    CHECK(data.size() <= kScriptItemSizeMax);
    Bytes push;
    push.reserve(3 + data.size());
    if (data.size() >= OP_PUSHDATA1) {
        const bool is_short = data.size() <= 0xff;
        push.push_back(is_short ? OP_PUSHDATA1 : OP_PUSHDATA2);
        push.push_back(static_cast<uint8_t>(data.size()));
        if (!is_short) push.push_back(static_cast<uint8_t>(data.size() >> 8));
    } else {
        push.push_back(static_cast<uint8_t>(data.size()));
    }
    append(push, data);
    return push;
}

bool starts_with(ByteSpan bytes, ByteSpan prefix) {
    return bytes.size() >= prefix.size() && std::ranges::equal(bytes.first(prefix.size()), prefix);
}

}  // namespace

std::optional<Bytes> find_and_delete(ByteSpan script, ByteSpan pattern) {
    if (pattern.empty() || script.size() < pattern.size()) return std::nullopt;
    std::optional<Bytes> result;
    ByteSpan kept = script;  // from the first byte that is not dealt with yet
    ByteSpan rest = script;  // from the next opcode on
    while (true) {
        if (starts_with(rest, pattern)) {
            if (!result) result.emplace();
            append(*result, kept.first(kept.size() - rest.size()));
            while (starts_with(rest, pattern)) rest = rest.subspan(pattern.size());
            kept = rest;
        }
        ScriptOps ops(rest);
        if (!ops.next()) break;
        rest = ops.rest();
    }
    if (result) append(*result, kept);
    return result;
}

ScriptInterpreter::Result ScriptInterpreter::execute_signature(uint8_t opcode) {
    if (opcode == OP_CHECKSIGADD) return add_signature();
    if (opcode == OP_CHECKMULTISIG || opcode == OP_CHECKMULTISIGVERIFY)
        return check_multisig(opcode);
    if (stack_.size() < 2) return ScriptError::stack_operation;
    bool good = false;
    if (auto error = check_signature(top(1), top(0), good)) return error;
    drop(2);
    return finish_check(good, opcode == OP_CHECKSIGVERIFY, ScriptError::signature_verify);
}

ScriptInterpreter::Result ScriptInterpreter::finish_check(bool good, bool verify,
                                                          ScriptError error) {
    if (verify) return good ? Result{} : Result{error};
    push_bool(good);
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::check_signature(ByteSpan signature, ByteSpan key,
                                                             bool& good) {
    return is_tapscript() ? check_tapscript_signature(signature, key, good)
                          : check_ecdsa(signature, key, good);
}

// Before BIP141 a signature cannot sign itself: it is removed from the script code.
ScriptInterpreter::Result ScriptInterpreter::remove_signature(ByteSpan signature, Bytes& storage,
                                                              ByteSpan& code) const {
    if (version_ != SignatureVersion::base) return {};
    auto rest = find_and_delete(code, plain_push(signature));
    if (!rest) return {};
    if (has(kVerifyConstScriptCode)) return ScriptError::signature_find_and_delete;
    storage = std::move(*rest);
    code = storage;
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::check_ecdsa(ByteSpan signature, ByteSpan key,
                                                         bool& good) {
    ByteSpan code = code_;
    Bytes storage;
    if (auto error = remove_signature(signature, storage, code)) return error;
    if (auto error = check_encodings(signature, key)) return error;
    good = false;
    if (signature.empty()) return {};
    const Hash256 message = checker_.ecdsa_message(code, signature.back(), version_);
    good = checker_.verify_ecdsa(key, message, signature.first(signature.size() - 1));
    return !good && has(kVerifyNullFail) ? Result{ScriptError::signature_null_fail} : Result{};
}

ScriptInterpreter::Result ScriptInterpreter::check_encodings(ByteSpan signature,
                                                             ByteSpan key) const {
    const bool strict = has(kVerifyDerSignatures | kVerifyLowS | kVerifyStrictEncoding);
    if (!signature.empty()) {
        if (strict && !is_strict_der_signature(signature)) return ScriptError::signature_der;
        if (has(kVerifyLowS) && !has_low_s(signature)) return ScriptError::signature_high_s;
        if (has(kVerifyStrictEncoding) && !has_defined_hash_type(signature))
            return ScriptError::signature_hash_type;
    }
    if (has(kVerifyStrictEncoding) && !is_compressed_or_uncompressed_key(key))
        return ScriptError::public_key_type;
    if (version_ == SignatureVersion::witness_v0 && has(kVerifyWitnessPublicKeyType) &&
        !is_compressed_key(key)) {
        return ScriptError::witness_public_key_type;
    }
    return {};
}

// BIP342. An empty signature is false; any other must be valid, and uses up budget even if the key
// is of an unknown type.
ScriptInterpreter::Result ScriptInterpreter::check_tapscript_signature(ByteSpan signature,
                                                                       ByteSpan key, bool& good) {
    good = !signature.empty();
    if (good) {
        tapscript_->weight_left -= kTapscriptSigopWeight;
        if (tapscript_->weight_left < 0) return ScriptError::tapscript_validation_weight;
    }
    if (key.empty()) return ScriptError::tapscript_empty_public_key;
    if (key.size() == kSchnorrKeySize)
        return good ? checker_.check_schnorr(key, signature, tapscript_->spend) : Result{};
    if (has(kVerifyDiscourageUpgradableKeyType)) return ScriptError::discourage_upgradable_key_type;
    return {};
}

ScriptInterpreter::Result ScriptInterpreter::add_signature() {
    if (!is_tapscript()) return ScriptError::bad_opcode;
    if (stack_.size() < 3) return ScriptError::stack_operation;
    int64_t count = 0;
    if (auto error = number(1, count)) return error;
    bool good = false;
    if (auto error = check_signature(top(2), top(0), good)) return error;
    drop(3);
    push_number(count + (good ? 1 : 0));
    return {};
}

// From the top: number of keys, the keys, number of signatures, the signatures, and one extra item
// required by consensus. Keys and signatures are compared from the top down.
ScriptInterpreter::Result ScriptInterpreter::check_multisig(uint8_t opcode) {
    if (is_tapscript()) return ScriptError::tapscript_multisig;
    if (stack_.empty()) return ScriptError::stack_operation;
    int64_t keys = 0;
    if (auto error = number(0, keys)) return error;
    if (keys < 0 || keys > kMultisigKeysMax) return ScriptError::public_key_count;
    op_count_ += static_cast<int>(keys);
    if (op_count_ > kScriptOpsMax) return ScriptError::op_count;
    const size_t signatures_at = static_cast<size_t>(keys) + 1;  // depth of their number
    if (stack_.size() <= signatures_at) return ScriptError::stack_operation;
    int64_t signatures = 0;
    if (auto error = number(signatures_at, signatures)) return error;
    if (signatures < 0 || signatures > keys) return ScriptError::signature_count;
    const size_t dummy_at = signatures_at + static_cast<size_t>(signatures) + 1;
    if (stack_.size() <= dummy_at) return ScriptError::stack_operation;

    ByteSpan code = code_;
    Bytes storage;
    for (size_t depth = signatures_at + 1; depth < dummy_at; ++depth) {
        if (auto error = remove_signature(top(depth), storage, code)) return error;
    }
    bool good = false;
    if (auto error = check_multisig_keys(1, static_cast<size_t>(keys), signatures_at + 1,
                                         static_cast<size_t>(signatures), code, good)) {
        return error;
    }
    for (size_t depth = signatures_at + 1; !good && depth < dummy_at; ++depth) {
        if (has(kVerifyNullFail) && !top(depth).empty()) return ScriptError::signature_null_fail;
    }
    if (has(kVerifyNullDummy) && !top(dummy_at).empty()) return ScriptError::signature_null_dummy;
    drop(dummy_at + 1);
    return finish_check(good, opcode == OP_CHECKMULTISIGVERIFY, ScriptError::multisig_verify);
}

// Every signature must match one of the keys, in the same order. Encodings are only checked when a
// pair is compared, which makes the order visible to scripts.
ScriptInterpreter::Result ScriptInterpreter::check_multisig_keys(size_t first_key, size_t keys,
                                                                 size_t first_signature,
                                                                 size_t signatures, ByteSpan code,
                                                                 bool& good) {
    good = true;
    std::optional<Hash256> message;  // of the signature that is compared
    while (good && signatures > 0) {
        const ByteSpan signature = top(first_signature);
        const ByteSpan key = top(first_key);
        if (auto error = check_encodings(signature, key)) return error;
        bool match = false;
        if (!signature.empty()) {
            if (!message) message = checker_.ecdsa_message(code, signature.back(), version_);
            match = checker_.verify_ecdsa(key, *message, signature.first(signature.size() - 1));
        }
        if (match) {
            ++first_signature;
            --signatures;
            message.reset();
        }
        ++first_key;
        --keys;
        if (signatures > keys) good = false;
    }
    return {};
}

}  // namespace parley
