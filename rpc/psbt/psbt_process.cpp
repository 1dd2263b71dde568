// utxoupdatepsbt and descriptorprocesspsbt: PSBTs with what the node and descriptors know.
#include <algorithm>

#include "base/crypto/hash.h"
#include "rpc/methods/chain_lookup.h"
#include "rpc/methods/descriptors.h"
#include "rpc/psbt/psbt_json.h"

namespace parley::rpc {

namespace {

SolvingData read_descriptor_data(const Call& call, const Json& list, bool with_secrets) {
    SolvingData data;
    if (list.is_null()) return data;
    for (const Json& item : read_array(list))
        solve_scan_object(call.params(), item, data, with_secrets);
    return data;
}

/// Whether an output is known to be spent by a witness.
bool is_segwit(const SolvingData& known, const Script& script) {
    if (witness_program(script)) return true;
    const auto hash = match_p2sh(script);
    const Script* redeem = hash ? known.find_redeem_script(*hash) : nullptr;
    return redeem != nullptr && witness_program(*redeem).has_value();
}

/// Whole previous transactions from the index and the mempool; otherwise coins, which suffice for
/// witness outputs.
void add_spent_outputs(Node& node, const SolvingData& known, Psbt& psbt) {
    for (PsbtInput& input : psbt.inputs) {
        if (input.previous) continue;
        if (const auto indexed = find_indexed(node, input.prevout.txid))
            input.previous = indexed->transaction;
        else if (const MempoolEntry* entry = node.mempool().find(input.prevout.txid))
            input.previous = entry->transaction;
        else if (const auto coin = unwrap(node.coin(input.prevout, true));
                 coin && is_segwit(known, coin->output.script_pubkey))
            input.witness_utxo = coin->output;
    }
}

void process_psbt(Call& call, Psbt& psbt, const SolvingData& known,
                  const PsbtSignOptions& options) {
    call.ask([&](Node& node) { add_spent_outputs(node, known, psbt); });
    if (!psbt.locktime()) fail_psbt(PsbtError::invalid_transaction);
    const auto results = sign_psbt(
        psbt, [&](size_t input) { return psbt.inputs[input].is_final() ? nullptr : &known; },
        options);
    for (const PsbtInputResult& result : results)
        if (result.error == PsbtError::sighash_mismatch) fail_psbt(result.error);
    for (PsbtOutput& output : psbt.outputs) update_output(output, known);
    remove_unnecessary_transactions(psbt);
}

void utxoupdatepsbt(Call& call) {
    const SolvingData known = read_descriptor_data(call, call.argument(1), false);
    Psbt psbt = read_psbt(call.argument(0));
    process_psbt(call, psbt, known, {.finalize = false});
    call.out().value(psbt.to_base64());
}

void descriptorprocesspsbt(Call& call) {
    SolvingData known = read_descriptor_data(call, call.argument(1), true);
    PsbtSignOptions options;
    options.sighash_type = read_psbt_sighash(call.argument(2));
    options.finalize = call.boolean(4, true);
    if (!call.boolean(3, true))
        for (auto& [hash, key] : known.keys) key.origin.reset();
    Psbt psbt = read_psbt(call.argument(0));
    process_psbt(call, psbt, known, options);
    const bool complete =
        std::ranges::all_of(psbt.inputs, [](const PsbtInput& input) { return input.is_final(); });
    write_processed_psbt(call.out(), psbt, complete);
}

constexpr Parameter kDescriptors{"descriptors",
                                 ParameterType::array,
                                 true,
                                 "",
                                 "Descriptors, or objects of a descriptor and a range (default "
                                 "1000)",
                                 R"(["desc",{"desc":"str","range":n or [n,n]},...])"};

}  // namespace

std::vector<Method> psbt_process_methods() {
    using enum ParameterType;
    Parameter optional_descriptors = kDescriptors;
    optional_descriptors.required = false;
    return {
        {.name = "utxoupdatepsbt",
         .category = "rawtransactions",
         .description = "Adds to a PSBT what the UTXO set, the transaction index, the mempool and "
                        "descriptors know about its inputs and outputs. Signs nothing.",
         .parameters = {{"psbt", string, true, "", "A base64 string of a PSBT"},
                        optional_descriptors},
         .result = "\"psbt\"    (string) The updated PSBT, in base64",
         .example = "\"psbt\"",
         .handler = &utxoupdatepsbt},
        {.name = "descriptorprocesspsbt",
         .category = "rawtransactions",
         .description = "Like utxoupdatepsbt, and signs with the private keys in the descriptors.",
         .parameters = {{"psbt", string, true, "", "The transaction base64 string"},
                        kDescriptors,
                        kPsbtSighash,
                        kPsbtDerivations,
                        kPsbtFinalize},
         .result = "{psbt, complete, hex}    (json object)",
         .example = R"("psbt" "[\"descriptor1\", \"descriptor2\"]")",
         .handler = &descriptorprocesspsbt},
    };
}

}  // namespace parley::rpc
