#include "wallet/psbt/psbt_signer.h"

#include <algorithm>

#include "chain/script/script_check.h"

namespace parley {
namespace {

/// The transaction of a PSBT with what its signatures commit to.
struct SigningContext {
    TransactionData transaction;
    std::vector<TxOutput> spent;  ///< unknown ones are empty
    SighashParts parts;
    bool all_spent_known = true;
};

std::optional<SigningContext> signing_context(const Psbt& psbt) {
    auto transaction = psbt.unsigned_transaction();
    if (!transaction) return std::nullopt;
    SigningContext context;
    context.transaction = std::move(*transaction);
    for (const PsbtInput& input : psbt.inputs) {
        const auto spent = input.spent();
        context.all_spent_known &= spent.has_value();
        context.spent.push_back(spent.value_or(TxOutput{}));
    }
    context.parts =
        sighash_parts(context.transaction,
                      context.all_spent_known ? std::span{context.spent} : std::span<TxOutput>{});
    return context;
}

/// The spend of each input, all verified in one transaction.
class Verification {
 public:
    explicit Verification(const SigningContext& context)
        : transaction_(context.transaction), spent_(context.spent) {}

    void set(size_t input, const Script& script_sig, const Witness& witness) {
        transaction_.inputs[input].script_sig = script_sig;
        transaction_.inputs[input].witness = witness;
    }
    void finish() {
        spending_ =
            std::make_shared<const SpendingTransaction>(make_transaction(transaction_), spent_);
    }
    bool verifies(size_t input) const {
        return !run_script_check({spending_, static_cast<uint32_t>(input), kStandardScriptFlags});
    }

 private:
    TransactionData transaction_;
    std::vector<TxOutput> spent_;
    SpendingTransactionRef spending_;
};

Fragment fragment_of(PsbtHash hash) {
    switch (hash) {
        case PsbtHash::ripemd160:
            return Fragment::ripemd160;
        case PsbtHash::sha256:
            return Fragment::sha256;
        case PsbtHash::hash160:
            return Fragment::hash160;
        case PsbtHash::hash256:
            break;
    }
    return Fragment::hash256;
}

InputSolution solution_of(const PsbtInput& input) {
    InputSolution solution;
    for (const auto& [key, preimage] : input.preimages)
        solution.preimages.emplace(std::pair{fragment_of(key.first), key.second}, preimage);
    solution.signatures = input.signatures;
    solution.redeem_script = input.scripts.redeem_script;
    solution.witness_script = input.scripts.witness_script;
    solution.origins = input.scripts.origins;
    solution.taproot_key_signature = input.taproot_key_signature;
    solution.taproot_script_signatures = input.taproot_script_signatures;
    solution.taproot.internal_key = input.scripts.taproot_internal_key;
    solution.taproot.merkle_root = input.taproot_merkle_root;
    solution.taproot.leaves = input.taproot_leaves;
    solution.taproot_origins = input.scripts.taproot_origins;
    return solution;
}

void store_final(PsbtInput& input, const InputSolution& solution) {
    input.signatures.clear();
    input.scripts.origins.clear();
    input.scripts.redeem_script.reset();
    input.scripts.witness_script.reset();
    input.final_script_sig = solution.script_sig;
    input.final_witness = solution.witness;
}

void store_parts(PsbtInput& input, const InputSolution& solution) {
    input.signatures = solution.signatures;
    input.scripts.redeem_script = solution.redeem_script;
    input.scripts.witness_script = solution.witness_script;
    input.scripts.origins = solution.origins;
    input.taproot_key_signature = solution.taproot_key_signature;
    input.taproot_script_signatures = solution.taproot_script_signatures;
    input.scripts.taproot_internal_key = solution.taproot.internal_key;
    input.taproot_merkle_root = solution.taproot.merkle_root;
    input.taproot_leaves = solution.taproot.leaves;
    input.scripts.taproot_origins = solution.taproot_origins;
}

bool has_schnorr_type(const Bytes& signature, uint32_t type) {
    constexpr size_t kDefaultSize = 64;
    return type == kSighashDefault
               ? signature.size() == kDefaultSize
               : signature.size() == kDefaultSize + 1 && signature.back() == type;
}

/// Whether all signatures that are there have that hash type.
bool signatures_agree(const PsbtInput& input, uint32_t type) {
    if (!input.taproot_key_signature.empty() &&
        !has_schnorr_type(input.taproot_key_signature, type))
        return false;
    for (const auto& [place, signature] : input.taproot_script_signatures)
        if (!has_schnorr_type(signature, type)) return false;
    if (type == kSighashDefault) return true;
    return std::ranges::all_of(input.signatures,
                               [&](const auto& entry) { return entry.second.back() == type; });
}

/// The hash type to sign with, noted in the PSBT unless it is the usual one. Empty: what the PSBT
/// has says otherwise.
std::optional<uint8_t> choose_sighash_type(PsbtInput& input, const TxOutput& spent,
                                           const PsbtSignOptions& options) {
    const bool taproot = is_taproot(spent.script_pubkey);
    const auto wanted = options.own_sighash_types ? input.sighash_type : options.sighash_type;
    const uint32_t type = wanted.value_or(taproot ? kSighashDefault : kSighashAll);
    if (input.sighash_type && *input.sighash_type != type) return std::nullopt;
    const bool usual = type == kSighashDefault || (!taproot && type == kSighashAll);
    if (!usual) input.sighash_type = type;
    if (!signatures_agree(input, type)) return std::nullopt;
    return static_cast<uint8_t>(type);
}

class PsbtSigner {
 public:
    PsbtSigner(Psbt& psbt, const PsbtSignOptions& options, SigningContext context)
        : psbt_(psbt), options_(options), context_(std::move(context)) {}

    std::vector<PsbtInputResult> run(const PsbtKeys& keys) {
        const auto done = verified_inputs(psbt_);
        const size_t count = psbt_.inputs.size();
        std::vector<PsbtInputResult> results(count);
        std::vector<std::optional<InputSolution>> solutions(count);
        std::vector<bool> solved(count, false);
        Verification verification{context_};
        for (size_t i = 0; i < count; ++i) {
            if (done[i]) continue;
            const SolvingData* known = keys(i);
            if (known == nullptr) continue;
            results[i].error = solve(i, *known, solutions[i], solved);
            if (solutions[i]) verification.set(i, solutions[i]->script_sig, solutions[i]->witness);
        }
        verification.finish();
        for (size_t i = 0; i < count; ++i) {
            if (!solutions[i]) continue;
            const bool complete = solved[i] && (options_.estimate || verification.verifies(i));
            results[i] = store(i, *solutions[i], complete);
        }
        return results;
    }

 private:
    PsbtError solve(size_t index, const SolvingData& known, std::optional<InputSolution>& solution,
                    std::vector<bool>& solved) {
        PsbtInput& input = psbt_.inputs[index];
        const auto spent = input.spent();
        if (!spent) return PsbtError::missing_inputs;
        const auto type = choose_sighash_type(input, *spent, options_);
        if (!type) return PsbtError::sighash_mismatch;
        // A spend that is final but does not verify is kept as it is.
        if (input.is_final()) return PsbtError::incomplete;
        InputSolution made = solution_of(input);
        const TransactionSigner signer{
            context_.transaction, index, *spent, *type, context_.parts, context_.all_spent_known};
        const SizeEstimator estimator;
        const SignatureMaker& maker =
            options_.estimate ? static_cast<const SignatureMaker&>(estimator) : signer;
        solved[index] = solve_input(known, maker, spent->script_pubkey, made);
        // The amount in a witness UTXO is not proven: only signatures that commit to it are safe.
        if (!input.previous && !made.has_witness) return PsbtError::incomplete;
        solution = std::move(made);
        return PsbtError::none;
    }

    PsbtInputResult store(size_t index, const InputSolution& solution, bool complete) {
        PsbtInput& input = psbt_.inputs[index];
        if (solution.has_witness) input.witness_utxo = context_.spent[index];
        if (complete && options_.finalize)
            store_final(input, solution);
        else
            store_parts(input, solution);
        return {complete ? PsbtError::none : PsbtError::incomplete, solution.missing};
    }

    Psbt& psbt_;
    const PsbtSignOptions& options_;
    const SigningContext context_;
};

}  // namespace

std::string_view to_string(PsbtError error) {
    switch (error) {
        case PsbtError::none:
            return "No errors";
        case PsbtError::incomplete:
            return "Input needs additional signatures or other data";
        case PsbtError::missing_inputs:
            return "Inputs missing or spent";
        case PsbtError::sighash_mismatch:
            return "Specified sighash value does not match value stored in PSBT";
        case PsbtError::invalid_transaction:
            return "The transaction cannot be valid";
    }
    return {};
}

std::vector<PsbtInputResult> sign_psbt(Psbt& psbt, const PsbtKeys& keys,
                                       const PsbtSignOptions& options) {
    auto context = signing_context(psbt);
    if (!context)
        return std::vector<PsbtInputResult>(psbt.inputs.size(),
                                            {PsbtError::invalid_transaction, {}});
    return PsbtSigner{psbt, options, std::move(*context)}.run(keys);
}

std::vector<bool> verified_inputs(const Psbt& psbt) {
    std::vector<bool> verified(psbt.inputs.size(), false);
    const auto context = signing_context(psbt);
    if (!context) return verified;
    Verification verification{*context};
    for (size_t i = 0; i < psbt.inputs.size(); ++i)
        verification.set(i, psbt.inputs[i].final_script_sig, psbt.inputs[i].final_witness);
    verification.finish();
    for (size_t i = 0; i < psbt.inputs.size(); ++i)
        verified[i] = psbt.inputs[i].spent() && verification.verifies(i);
    return verified;
}

std::optional<TransactionData> finalize_and_extract(Psbt& psbt) {
    const SolvingData nothing;
    const auto results =
        sign_psbt(psbt, [&](size_t) { return &nothing; }, {.own_sighash_types = true});
    for (const PsbtInputResult& result : results)
        if (result.error != PsbtError::none) return std::nullopt;
    auto transaction = psbt.unsigned_transaction();
    if (!transaction) return std::nullopt;
    for (size_t i = 0; i < psbt.inputs.size(); ++i) {
        transaction->inputs[i].script_sig = psbt.inputs[i].final_script_sig;
        transaction->inputs[i].witness = psbt.inputs[i].final_witness;
    }
    return transaction;
}

}  // namespace parley
