#include "chain/script/script_error.h"

#include <iterator>

#include "base/check.h"

namespace parley {
namespace {

struct Words {
    ScriptError error;
    std::string_view name;
    std::string_view sentence;
};

// In the order of the enumerators.
constexpr Words kWords[] = {
    {ScriptError::eval_false, "EVAL_FALSE",
     "Script evaluated without error but finished with a false/empty top stack element"},
    {ScriptError::op_return, "OP_RETURN", "OP_RETURN was encountered"},
    {ScriptError::script_size, "SCRIPT_SIZE", "Script is too big"},
    {ScriptError::push_size, "PUSH_SIZE", "Push value size limit exceeded"},
    {ScriptError::op_count, "OP_COUNT", "Operation limit exceeded"},
    {ScriptError::stack_size, "STACK_SIZE", "Stack size limit exceeded"},
    {ScriptError::signature_count, "SIG_COUNT",
     "Signature count negative or greater than pubkey count"},
    {ScriptError::public_key_count, "PUBKEY_COUNT", "Pubkey count negative or limit exceeded"},
    {ScriptError::verify, "VERIFY", "Script failed an OP_VERIFY operation"},
    {ScriptError::equal_verify, "EQUALVERIFY", "Script failed an OP_EQUALVERIFY operation"},
    {ScriptError::multisig_verify, "CHECKMULTISIGVERIFY",
     "Script failed an OP_CHECKMULTISIGVERIFY operation"},
    {ScriptError::signature_verify, "CHECKSIGVERIFY",
     "Script failed an OP_CHECKSIGVERIFY operation"},
    {ScriptError::number_equal_verify, "NUMEQUALVERIFY",
     "Script failed an OP_NUMEQUALVERIFY operation"},
    {ScriptError::bad_opcode, "BAD_OPCODE", "Opcode missing or not understood"},
    {ScriptError::disabled_opcode, "DISABLED_OPCODE", "Attempted to use a disabled opcode"},
    {ScriptError::stack_operation, "INVALID_STACK_OPERATION",
     "Operation not valid with the current stack size"},
    {ScriptError::alternate_stack_operation, "INVALID_ALTSTACK_OPERATION",
     "Operation not valid with the current altstack size"},
    {ScriptError::unbalanced_conditional, "UNBALANCED_CONDITIONAL", "Invalid OP_IF construction"},
    {ScriptError::script_number, "SCRIPTNUM",
     "Script number overflowed or is non-minimally encoded"},
    {ScriptError::negative_locktime, "NEGATIVE_LOCKTIME", "Negative locktime"},
    {ScriptError::unsatisfied_locktime, "UNSATISFIED_LOCKTIME",
     "Locktime requirement not satisfied"},
    {ScriptError::signature_hash_type, "SIG_HASHTYPE",
     "Signature hash type missing or not understood"},
    {ScriptError::signature_der, "SIG_DER", "Non-canonical DER signature"},
    {ScriptError::signature_high_s, "SIG_HIGH_S",
     "Non-canonical signature: S value is unnecessarily high"},
    {ScriptError::signature_null_dummy, "SIG_NULLDUMMY",
     "Dummy CHECKMULTISIG argument must be zero"},
    {ScriptError::signature_null_fail, "NULLFAIL",
     "Signature must be zero for failed CHECK(MULTI)SIG operation"},
    {ScriptError::signature_push_only, "SIG_PUSHONLY", "Only push operators allowed in signatures"},
    {ScriptError::signature_find_and_delete, "SIG_FINDANDDELETE",
     "Signature is found in scriptCode"},
    {ScriptError::code_separator, "OP_CODESEPARATOR",
     "Using OP_CODESEPARATOR in non-witness script"},
    {ScriptError::public_key_type, "PUBKEYTYPE",
     "Public key is neither compressed or uncompressed"},
    {ScriptError::minimal_data, "MINIMALDATA", "Data push larger than necessary"},
    {ScriptError::minimal_if, "MINIMALIF", "OP_IF/NOTIF argument must be minimal"},
    {ScriptError::clean_stack, "CLEANSTACK", "Stack size must be exactly one after execution"},
    {ScriptError::discourage_upgradable_nops, "DISCOURAGE_UPGRADABLE_NOPS",
     "NOPx reserved for soft-fork upgrades"},
    {ScriptError::discourage_upgradable_witness, "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM",
     "Witness version reserved for soft-fork upgrades"},
    {ScriptError::discourage_upgradable_taproot, "DISCOURAGE_UPGRADABLE_TAPROOT_VERSION",
     "Taproot version reserved for soft-fork upgrades"},
    {ScriptError::discourage_op_success, "DISCOURAGE_OP_SUCCESS",
     "OP_SUCCESSx reserved for soft-fork upgrades"},
    {ScriptError::discourage_upgradable_key_type, "DISCOURAGE_UPGRADABLE_PUBKEYTYPE",
     "Public key version reserved for soft-fork upgrades"},
    {ScriptError::witness_length, "WITNESS_PROGRAM_WRONG_LENGTH",
     "Witness program has incorrect length"},
    {ScriptError::witness_empty, "WITNESS_PROGRAM_WITNESS_EMPTY",
     "Witness program was passed an empty witness"},
    {ScriptError::witness_mismatch, "WITNESS_PROGRAM_MISMATCH", "Witness program hash mismatch"},
    {ScriptError::witness_malleated, "WITNESS_MALLEATED", "Witness requires empty scriptSig"},
    {ScriptError::witness_malleated_p2sh, "WITNESS_MALLEATED_P2SH",
     "Witness requires only-redeemscript scriptSig"},
    {ScriptError::witness_unexpected, "WITNESS_UNEXPECTED",
     "Witness provided for non-witness script"},
    {ScriptError::witness_public_key_type, "WITNESS_PUBKEYTYPE",
     "Using non-compressed keys in segwit"},
    {ScriptError::schnorr_size, "SCHNORR_SIG_SIZE", "Invalid Schnorr signature size"},
    {ScriptError::schnorr_hash_type, "SCHNORR_SIG_HASHTYPE", "Invalid Schnorr signature hash type"},
    {ScriptError::schnorr_signature, "SCHNORR_SIG", "Invalid Schnorr signature"},
    {ScriptError::taproot_control_size, "TAPROOT_WRONG_CONTROL_SIZE",
     "Invalid Taproot control block size"},
    {ScriptError::tapscript_validation_weight, "TAPSCRIPT_VALIDATION_WEIGHT",
     "Too much signature validation relative to witness weight"},
    {ScriptError::tapscript_multisig, "TAPSCRIPT_CHECKMULTISIG",
     "OP_CHECKMULTISIG(VERIFY) is not available in tapscript"},
    {ScriptError::tapscript_minimal_if, "TAPSCRIPT_MINIMALIF",
     "OP_IF/NOTIF argument must be minimal in tapscript"},
    {ScriptError::tapscript_empty_public_key, "TAPSCRIPT_EMPTY_PUBKEY",
     "Empty public key in tapscript"},
};

constexpr bool in_order() {
    for (size_t i = 0; i < std::size(kWords); ++i) {
        if (kWords[i].error != static_cast<ScriptError>(i)) return false;
    }
    return true;
}
static_assert(in_order());

const Words& words_of(ScriptError error) {
    const auto index = static_cast<size_t>(error);
    CHECK(index < std::size(kWords));
    return kWords[index];
}

}  // namespace

std::string_view to_string(ScriptError error) {
    return words_of(error).sentence;
}

std::string_view script_error_name(std::optional<ScriptError> error) {
    return error ? words_of(*error).name : "OK";
}

}  // namespace parley
