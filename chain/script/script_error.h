// ScriptError: why a script failed. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley {

enum class ScriptError : uint8_t {
    eval_false,  ///< left false, or an empty stack
    op_return,
    // Limits.
    script_size,
    push_size,
    op_count,
    stack_size,
    signature_count,
    public_key_count,
    // Opcodes that verify.
    verify,
    equal_verify,
    multisig_verify,
    signature_verify,
    number_equal_verify,
    // Form.
    bad_opcode,  ///< a push past the end, or an invalid opcode
    disabled_opcode,
    stack_operation,
    alternate_stack_operation,
    unbalanced_conditional,
    script_number,  ///< an operand that is too long, or not minimal
    negative_locktime,
    unsatisfied_locktime,
    // Signatures and keys.
    signature_hash_type,
    signature_der,
    signature_high_s,
    signature_null_dummy,
    signature_null_fail,
    signature_push_only,
    signature_find_and_delete,
    code_separator,
    public_key_type,
    // Malleability.
    minimal_data,
    minimal_if,
    clean_stack,
    // Reserved for later forks.
    discourage_upgradable_nops,
    discourage_upgradable_witness,
    discourage_upgradable_taproot,
    discourage_op_success,
    discourage_upgradable_key_type,
    // BIP141.
    witness_length,
    witness_empty,
    witness_mismatch,
    witness_malleated,
    witness_malleated_p2sh,
    witness_unexpected,
    witness_public_key_type,
    // BIP340 to 342.
    schnorr_size,
    schnorr_hash_type,
    schnorr_signature,
    taproot_control_size,
    tapscript_validation_weight,
    tapscript_multisig,
    tapscript_minimal_if,
    tapscript_empty_public_key,
};

/// bitcoind's text, which it prints in parentheses after block-script-verify-flag-failed.
std::string_view to_string(ScriptError error);

/// The name in bitcoind's test suites ("SIG_DER"); "OK" for no error.
std::string_view script_error_name(std::optional<ScriptError> error);

}  // namespace parley
