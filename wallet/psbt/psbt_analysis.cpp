// Updating of outputs, and analysis.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/hash.h"
#include "chain/primitives/coins.h"
#include "chain/rules/sigops.h"
#include "wallet/psbt/psbt_signer.h"

namespace parley {
namespace {

/// Makes no signatures: only scripts and origins are wanted.
class NoSigner final : public SignatureMaker {
 public:
    std::optional<Bytes> ecdsa(const PublicKey&, const SecretKey*, ByteSpan,
                               SignatureVersion) const override {
        return std::nullopt;
    }
    bool verify_ecdsa(ByteSpan, ByteSpan, ByteSpan, SignatureVersion) const override {
        return false;
    }
    std::optional<Bytes> schnorr(const SecretKey*, const Hash256*) const override {
        return std::nullopt;
    }
    bool after_met(uint32_t) const override { return false; }
    bool older_met(uint32_t) const override { return false; }
};

bool is_money(Amount amount) {
    return amount >= Amount{0} && amount <= kMaxMoney;
}

PsbtAnalysis invalid(std::string error) {
    PsbtAnalysis analysis;
    analysis.next = PsbtRole::creator;
    analysis.error = std::move(error);
    return analysis;
}

/// Notes the spent outputs. Returns what is wrong with them.
std::optional<std::string> analyze_spent(const Psbt& psbt, PsbtAnalysis& analysis,
                                         std::optional<Amount>& total) {
    for (size_t i = 0; i < psbt.inputs.size(); ++i) {
        const PsbtInput& input = psbt.inputs[i];
        PsbtInputAnalysis& result = analysis.inputs[i];
        const auto spent = input.spent();
        if (!spent) {
            if (input.previous && input.prevout.index >= input.previous->outputs().size())
                return fmt::format("PSBT is not valid. Input {} specifies invalid prevout", i);
            result.next = PsbtRole::updater;
            total.reset();
            continue;
        }
        result.has_utxo = true;
        if (!is_money(spent->value) || (total && !is_money(*total + spent->value)))
            return fmt::format("PSBT is not valid. Input {} has invalid value", i);
        if (total) *total += spent->value;
        if (spent->script_pubkey.is_unspendable())
            return fmt::format("PSBT is not valid. Input {} spends unspendable output", i);
    }
    return std::nullopt;
}

void analyze_signatures(Psbt& psbt, PsbtAnalysis& analysis) {
    const auto verified = verified_inputs(psbt);
    const SolvingData nothing;
    const auto results = sign_psbt(psbt, [&](size_t) { return &nothing; }, {});
    for (size_t i = 0; i < psbt.inputs.size(); ++i) {
        PsbtInputAnalysis& input = analysis.inputs[i];
        if (verified[i]) {
            input.is_final = input.has_utxo;
            continue;
        }
        if (results[i].error == PsbtError::none) {
            input.next = PsbtRole::finalizer;
            continue;
        }
        input.missing = results[i].missing;
        const MissingParts& missing = input.missing;
        const bool only_signatures = missing.keys.empty() && !missing.redeem_script &&
                                     !missing.witness_script && !missing.signatures.empty();
        input.next = only_signatures ? PsbtRole::signer : PsbtRole::updater;
    }
}

/// Of the transaction with placeholders for the signatures. Empty: a script or key is missing.
std::optional<int64_t> estimate_virtual_size(Psbt psbt) {
    constexpr int64_t kSigopBytes = 20;  // relay policy's -bytespersigop
    const SolvingData nothing;
    const auto results = sign_psbt(psbt, [&](size_t) { return &nothing; }, {.estimate = true});
    auto transaction = psbt.unsigned_transaction();
    std::vector<Coin> coins;
    for (size_t i = 0; i < psbt.inputs.size(); ++i) {
        const auto spent = psbt.inputs[i].spent();
        if (results[i].error != PsbtError::none || !spent || !transaction) return std::nullopt;
        transaction->inputs[i].script_sig = psbt.inputs[i].final_script_sig;
        transaction->inputs[i].witness = psbt.inputs[i].final_witness;
        coins.push_back({*spent, Height{1}, false});
    }
    const Transaction complete{std::move(*transaction)};
    const int64_t sigops = sigop_cost(complete, coins, kStandardScriptFlags);
    const int64_t weight = std::max(complete.weight().value(), sigops * kSigopBytes);
    return (weight + kWitnessScaleFactor - 1) / kWitnessScaleFactor;
}

}  // namespace

void update_output(PsbtOutput& output, const SolvingData& known) {
    const Script& script = output.output.script_pubkey;
    InputSolution solution;
    solution.redeem_script = output.scripts.redeem_script;
    solution.witness_script = output.scripts.witness_script;
    solution.origins = output.scripts.origins;
    solution.taproot.internal_key = output.scripts.taproot_internal_key;
    solution.taproot_origins = output.scripts.taproot_origins;
    solve_input(known, NoSigner{}, script, solution);
    output.scripts.redeem_script = solution.redeem_script;
    output.scripts.witness_script = solution.witness_script;
    output.scripts.origins = solution.origins;
    output.scripts.taproot_internal_key = solution.taproot.internal_key;
    output.scripts.taproot_origins = solution.taproot_origins;
    if (!is_taproot(script)) return;
    XOnlyKey key{};
    std::ranges::copy(witness_program(script)->program, key.begin());
    const auto tree = known.trees.find(key);
    if (tree != known.trees.end() && !tree->second.leaves().empty())
        output.taproot_tree = tree->second.leaves();
}

void remove_unnecessary_transactions(Psbt& psbt) {
    for (const PsbtInput& input : psbt.inputs) {
        const auto program =
            input.witness_utxo ? witness_program(input.witness_utxo->script_pubkey) : std::nullopt;
        if (!program || program->version == 0) return;
        if (input.sighash_type.value_or(0) & kSighashAnyoneCanPay) return;
    }
    for (PsbtInput& input : psbt.inputs) input.previous.reset();
}

std::string_view to_string(PsbtRole role) {
    switch (role) {
        case PsbtRole::creator:
            return "creator";
        case PsbtRole::updater:
            return "updater";
        case PsbtRole::signer:
            return "signer";
        case PsbtRole::finalizer:
            return "finalizer";
        case PsbtRole::extractor:
            return "extractor";
    }
    return {};
}

PsbtAnalysis analyze_psbt(Psbt psbt) {
    if (!psbt.locktime()) return invalid("PSBT cannot be made into a valid transaction");
    PsbtAnalysis analysis;
    analysis.inputs.resize(psbt.inputs.size());
    std::optional<Amount> total{Amount{0}};
    if (auto error = analyze_spent(psbt, analysis, total)) return invalid(std::move(*error));
    analyze_signatures(psbt, analysis);
    for (const PsbtInputAnalysis& input : analysis.inputs)
        analysis.next = std::min(analysis.next, input.next);
    if (!total) return analysis;
    Amount paid{0};
    for (const PsbtOutput& output : psbt.outputs) {
        if (!is_money(output.output.value) || !is_money(paid + output.output.value))
            return invalid("PSBT is not valid. Output amount invalid");
        paid += output.output.value;
    }
    analysis.fee = Amount{total->value() - paid.value()};
    analysis.virtual_size = estimate_virtual_size(std::move(psbt));
    return analysis;
}

}  // namespace parley
