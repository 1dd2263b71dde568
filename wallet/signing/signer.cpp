#include "wallet/signing/signer.h"

#include <algorithm>

#include "chain/script/script_check.h"
#include "wallet/signing/input_solution.h"

namespace parley {
namespace {

constexpr std::string_view kInputNotFound = "Input not found or already spent";

/// The outputs in input order. Unknown ones are empty.
std::vector<TxOutput> spent_in_order(const TransactionData& transaction,
                                     const SpentOutputs& spent) {
    std::vector<TxOutput> outputs;
    outputs.reserve(transaction.inputs.size());
    for (const TxInput& input : transaction.inputs) {
        const auto found = spent.find(input.prevout);
        outputs.push_back(found == spent.end() ? TxOutput{} : found->second);
    }
    return outputs;
}

SpendingTransactionRef with_spent(const TransactionData& transaction, const SpentOutputs& spent) {
    return std::make_shared<const SpendingTransaction>(make_transaction(transaction),
                                                       spent_in_order(transaction, spent));
}

std::optional<ScriptError> verify_input(const SpendingTransactionRef& spending, size_t index) {
    return run_script_check({spending, static_cast<uint32_t>(index), kStandardScriptFlags});
}

/// bitcoind's sentences for what an incomplete spend leads to.
std::string failure_text(ScriptError error) {
    if (error == ScriptError::stack_operation)
        return "Unable to sign input, invalid stack size (possibly missing key)";
    if (error == ScriptError::signature_null_fail)
        return "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)";
    return std::string{to_string(error)};
}

bool has_no_output(uint8_t sighash_type, size_t input, const TransactionData& transaction) {
    return (sighash_type & ~kSighashAnyoneCanPay) == kSighashSingle &&
           input >= transaction.outputs.size();
}

bool is_signed(const TxInput& input) {
    return !input.script_sig.empty() || !input.witness.empty();
}

struct SharedParts {
    SighashParts parts;
    bool all_spent_known = false;
};

SharedParts shared_parts(const TransactionData& transaction, const SpentOutputs& spent) {
    const bool all = std::ranges::all_of(
        transaction.inputs, [&](const TxInput& input) { return spent.contains(input.prevout); });
    const auto outputs = all ? spent_in_order(transaction, spent) : std::vector<TxOutput>{};
    return {sighash_parts(transaction, outputs), all};
}

}  // namespace

SignResult sign_transaction(TransactionData transaction, const SpentOutputs& spent,
                            const KeyProvider& keys, uint8_t sighash_type) {
    SignResult result;
    const SharedParts shared = shared_parts(transaction, spent);
    const bool any_signed = std::ranges::any_of(transaction.inputs, is_signed);
    const auto original = any_signed ? with_spent(transaction, spent) : nullptr;
    for (size_t i = 0; i < transaction.inputs.size(); ++i) {
        TxInput& input = transaction.inputs[i];
        const auto output = spent.find(input.prevout);
        if (output == spent.end()) continue;
        if (is_signed(input) && !verify_input(original, i)) continue;
        const Script& script = output->second.script_pubkey;
        const TransactionSigner maker{
            transaction, i, output->second, sighash_type, shared.parts, shared.all_spent_known};
        InputSolution solution;
        if (is_signed(input)) solution = extract_solution(input, script, maker);
        if (has_no_output(sighash_type, i, transaction)) continue;
        solve_input(keys.solving_data(script), maker, script, solution);
        input.script_sig = solution.script_sig;
        input.witness = solution.witness;
    }
    const auto complete = with_spent(transaction, spent);
    for (size_t i = 0; i < transaction.inputs.size(); ++i) {
        if (!spent.contains(transaction.inputs[i].prevout))
            result.failures.push_back({i, std::string{kInputNotFound}});
        else if (const auto error = verify_input(complete, i))
            result.failures.push_back({i, failure_text(*error)});
    }
    result.transaction = std::move(transaction);
    return result;
}

TransactionData combine_signatures(std::span<const TransactionData> variants,
                                   const SpentOutputs& spent) {
    TransactionData merged = variants.front();
    const SharedParts shared = shared_parts(merged, spent);
    std::vector<SpendingTransactionRef> checked;
    for (const TransactionData& variant : variants) checked.push_back(with_spent(variant, spent));
    for (size_t i = 0; i < merged.inputs.size(); ++i) {
        const TxOutput& output = spent.at(merged.inputs[i].prevout);
        const TransactionSigner maker{
            merged, i, output, kSighashAll, shared.parts, shared.all_spent_known};
        InputSolution solution;
        std::optional<TxInput> complete;
        for (size_t k = 0; k < variants.size() && !complete; ++k) {
            const TxInput& input = variants[k].inputs[i];
            if (is_signed(input) && !verify_input(checked[k], i)) complete = input;
            solution.merge(extract_solution(input, output.script_pubkey, maker));
        }
        if (complete) {
            merged.inputs[i] = *complete;
            continue;
        }
        solve_input({}, maker, output.script_pubkey, solution);
        merged.inputs[i].script_sig = solution.script_sig;
        merged.inputs[i].witness = solution.witness;
    }
    return merged;
}

}  // namespace parley
