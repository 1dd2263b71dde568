// The transaction of a PSBT, and the merging of PSBTs (BIP174's creator and combiner).
#include <algorithm>

#include "wallet/psbt/psbt.h"

namespace parley {
namespace {

/// Locktimes by height and by time that are still possible; BIP370 prefers the height.
struct Locktimes {
    std::optional<uint32_t> time = 0;
    std::optional<uint32_t> height = 0;
};

template <class Map>
void add_all(Map& to, const Map& from) {
    to.insert(from.begin(), from.end());
}

template <class T>
void add_missing(std::optional<T>& to, const std::optional<T>& from) {
    if (!to) to = from;
}

template <class T>
void fill_empty(T& to, const T& from) {
    if (to.empty()) to = from;
}

void merge_scripts(PsbtScripts& to, const PsbtScripts& from) {
    add_missing(to.redeem_script, from.redeem_script);
    add_missing(to.witness_script, from.witness_script);
    add_all(to.origins, from.origins);
    add_missing(to.taproot_internal_key, from.taproot_internal_key);
    add_all(to.taproot_origins, from.taproot_origins);
    add_all(to.musig2, from.musig2);
    add_all(to.proprietary, from.proprietary);
    add_all(to.unknown, from.unknown);
}

void merge_input(PsbtInput& to, const PsbtInput& from) {
    if (!to.previous) to.previous = from.previous;
    add_missing(to.witness_utxo, from.witness_utxo);
    add_all(to.signatures, from.signatures);
    add_all(to.preimages, from.preimages);
    merge_scripts(to.scripts, from.scripts);
    fill_empty(to.final_script_sig, from.final_script_sig);
    fill_empty(to.final_witness, from.final_witness);
    fill_empty(to.taproot_key_signature, from.taproot_key_signature);
    add_all(to.taproot_script_signatures, from.taproot_script_signatures);
    add_all(to.taproot_leaves, from.taproot_leaves);
    add_missing(to.taproot_merkle_root, from.taproot_merkle_root);
    add_missing(to.sequence, from.sequence);
    add_missing(to.time_locktime, from.time_locktime);
    add_missing(to.height_locktime, from.height_locktime);
}

/// BIP370: inputs and outputs are modifiable if both say so; SIGHASH_SINGLE counts if one does.
std::optional<uint8_t> merge_modifiable(std::optional<uint8_t> a, std::optional<uint8_t> b) {
    constexpr uint8_t kHasSingle = 4;
    if (!a && !b) return std::nullopt;
    const uint8_t left = a.value_or(0);
    const uint8_t right = b.value_or(0);
    return static_cast<uint8_t>((left & right) | ((left | right) & kHasSingle));
}

}  // namespace

std::optional<TxOutput> PsbtInput::spent() const {
    if (!previous) return witness_utxo;
    if (previous->txid() != prevout.txid || prevout.index >= previous->outputs().size())
        return std::nullopt;
    return previous->outputs()[prevout.index];
}

Psbt Psbt::of_transaction(const TransactionData& transaction, uint32_t version) {
    Psbt psbt;
    psbt.version = version;
    psbt.transaction_version = transaction.version;
    psbt.fallback_locktime = transaction.locktime;
    for (const TxInput& input : transaction.inputs) {
        PsbtInput& added = psbt.inputs.emplace_back();
        added.prevout = input.prevout;
        added.sequence = input.sequence;
    }
    for (const TxOutput& output : transaction.outputs) psbt.outputs.push_back({output, {}, {}});
    return psbt;
}

std::optional<uint32_t> Psbt::locktime() const {
    Locktimes possible;
    for (const PsbtInput& input : inputs) {
        if (input.time_locktime && !input.height_locktime) possible.height.reset();
        if (!input.time_locktime && input.height_locktime) possible.time.reset();
        if (!possible.time && !possible.height) return std::nullopt;
        if (input.time_locktime && possible.time)
            possible.time = std::max(*possible.time, *input.time_locktime);
        if (input.height_locktime && possible.height)
            possible.height = std::max(*possible.height, *input.height_locktime);
    }
    if (possible.height.value_or(0) > 0) return possible.height;
    if (possible.time.value_or(0) > 0) return possible.time;
    return fallback_locktime.value_or(0);
}

std::optional<TransactionData> Psbt::unsigned_transaction() const {
    const auto at = locktime();
    if (!at) return std::nullopt;
    TransactionData transaction;
    transaction.version = transaction_version;
    transaction.locktime = *at;
    for (const PsbtInput& input : inputs)
        transaction.inputs.push_back(
            {input.prevout, Script{}, input.sequence.value_or(TxInput::kSequenceFinal), {}});
    for (const PsbtOutput& output : outputs) transaction.outputs.push_back(output.output);
    return transaction;
}

std::optional<Txid> Psbt::unique_id() const {
    auto transaction = unsigned_transaction();
    if (!transaction) return std::nullopt;
    if (version >= 2)
        for (TxInput& input : transaction->inputs) input.sequence = 0;
    return Transaction{std::move(*transaction)}.txid();
}

bool Psbt::merge(const Psbt& other) {
    const auto id = unique_id();
    if (!id || id != other.unique_id() || version != other.version) return false;
    for (size_t i = 0; i < inputs.size(); ++i) merge_input(inputs[i], other.inputs[i]);
    for (size_t i = 0; i < outputs.size(); ++i) {
        merge_scripts(outputs[i].scripts, other.outputs[i].scripts);
        fill_empty(outputs[i].taproot_tree, other.outputs[i].taproot_tree);
    }
    add_all(xpubs, other.xpubs);
    add_missing(fallback_locktime, other.fallback_locktime);
    modifiable = merge_modifiable(modifiable, other.modifiable);
    add_all(proprietary, other.proprietary);
    add_all(unknown, other.unknown);
    return true;
}

}  // namespace parley
