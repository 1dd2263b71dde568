// Updates, signs, finalizes and analyses PSBTs (BIP174's updater, signer, finalizer, extractor).
// Pure. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chain/script/sighash.h"
#include "wallet/psbt/psbt.h"

namespace parley {

enum class PsbtError : uint8_t {
    none,
    incomplete,
    missing_inputs,
    sighash_mismatch,
    invalid_transaction  ///< locktimes that contradict each other
};
/// bitcoind's text.
std::string_view to_string(PsbtError error);

struct PsbtSignOptions {
    /// Empty: DEFAULT for taproot outputs, otherwise ALL. Must agree with what the PSBT says.
    std::optional<uint32_t> sighash_type = std::nullopt;
    /// Use what each input says instead.
    bool own_sighash_types = false;
    /// Turn complete signatures into final scriptSigs and witnesses.
    bool finalize = true;
    /// Make placeholders of the usual size instead of signatures.
    bool estimate = false;
};

struct PsbtInputResult {
    PsbtError error = PsbtError::none;
    MissingParts missing;
};

/// What is known about spending an input: null: leave the input alone.
using PsbtKeys = std::function<const SolvingData*(size_t input)>;

/// One result for each input that is not already final.
std::vector<PsbtInputResult> sign_psbt(Psbt& psbt, const PsbtKeys& keys,
                                       const PsbtSignOptions& options);
/// Whether each input is final, and verifies.
std::vector<bool> verified_inputs(const Psbt& psbt);

/// Adds scripts and origins of keys to an output.
void update_output(PsbtOutput& output, const SolvingData& known);
/// Drops whole previous transactions if every input is taproot or later, which sign the amounts.
void remove_unnecessary_transactions(Psbt& psbt);

/// The complete transaction. Empty: not all inputs can be finalized. Finalizes those that can.
std::optional<TransactionData> finalize_and_extract(Psbt& psbt);

enum class PsbtRole : uint8_t { creator, updater, signer, finalizer, extractor };
std::string_view to_string(PsbtRole role);

struct PsbtInputAnalysis {
    bool has_utxo = false;
    bool is_final = false;
    PsbtRole next = PsbtRole::extractor;
    MissingParts missing;
};
struct PsbtAnalysis {
    std::vector<PsbtInputAnalysis> inputs;
    std::optional<int64_t> virtual_size;
    std::optional<Amount> fee;
    PsbtRole next = PsbtRole::extractor;
    std::string error;
};
PsbtAnalysis analyze_psbt(Psbt psbt);

}  // namespace parley
