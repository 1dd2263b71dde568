// PSBTs without a wallet: create, convert, decode, analyze, combine, join, finalize.
#include <fmt/format.h>

#include <algorithm>

#include "rpc/json/transaction_text.h"
#include "rpc/psbt/psbt_json.h"

namespace parley::rpc {

namespace {

void createpsbt(Call& call) {
    const TransactionData data = construct_transaction(call);
    const uint32_t version = read_psbt_version(call.argument(5));
    call.out().value(Psbt::of_transaction(data, version).to_base64());
}

void converttopsbt(Call& call) {
    const bool permit_signatures = call.boolean(1, false);
    const WitnessGuess guess = !call.has(2)      ? WitnessGuess::either
                               : call.boolean(2) ? WitnessGuess::with
                                                 : WitnessGuess::without;
    auto data = decode_transaction_hex(call.string(0), guess);
    if (!data) fail(Code::deserialization, "TX decode failed");
    for (TxInput& input : data->inputs) {
        if (!permit_signatures && (!input.script_sig.empty() || !input.witness.empty()))
            fail(Code::deserialization, "Inputs must not have scriptSigs and scriptWitnesses");
        input.script_sig = Script{};
        input.witness.clear();
    }
    const uint32_t version = read_psbt_version(call.argument(3));
    call.out().value(Psbt::of_transaction(*data, version).to_base64());
}

void decodepsbt(Call& call) {
    write_psbt(call.out(), call.params(), read_psbt(call.argument(0)));
}

void combinepsbt(Call& call) {
    std::vector<Psbt> psbts;
    const Json::Array& items = read_array(call.argument(0));
    if (items.empty()) fail(Code::invalid_parameter, "Parameter 'txs' cannot be empty");
    for (const Json& item : items) psbts.push_back(read_psbt(item));
    Psbt& merged = psbts.front();
    for (size_t i = 1; i < psbts.size(); ++i) {
        if (!merged.merge(psbts[i]))
            fail(Code::invalid_parameter, "PSBTs not compatible (different transactions)");
    }
    call.out().value(merged.to_base64());
}

void finalizepsbt(Call& call) {
    Psbt psbt = read_psbt(call.argument(0));
    const bool extract = call.boolean(1, true);
    const auto transaction = finalize_and_extract(psbt);
    JsonWriter& out = call.out();
    out.object([&] {
        if (transaction && extract) {
            Writer writer;
            write_transaction(writer, *transaction, WitnessEncoding::with);
            out.key("hex").hex(writer.data());
        } else {
            out.field("psbt", psbt.to_base64());
        }
        out.field("complete", transaction.has_value());
    });
}

void add_distinct_inputs(Psbt& joined, const Psbt& from) {
    for (const PsbtInput& input : from.inputs) {
        const bool known = std::ranges::any_of(
            joined.inputs, [&](const PsbtInput& other) { return other.prevout == input.prevout; });
        if (known)
            fail(Code::invalid_parameter,
                 fmt::format("Input {}:{} exists in multiple PSBTs", input.prevout.txid.to_string(),
                             input.prevout.index));
        joined.inputs.push_back(input);
        // They are for another transaction.
        PsbtInput& added = joined.inputs.back();
        added.signatures.clear();
        added.final_script_sig = Script{};
        added.final_witness.clear();
    }
}

template <class Items>
void shuffle(Node& node, Items& items) {
    for (size_t i = items.size(); i > 1; --i)
        std::swap(items[i - 1], items[node.random().uniform(i)]);
}

void joinpsbts(Call& call) {
    const Json::Array& items = read_array(call.argument(0));
    if (items.size() <= 1)
        fail(Code::invalid_parameter, "At least two PSBTs are required to join PSBTs.");
    std::vector<Psbt> psbts;
    Psbt joined;
    joined.transaction_version = 1;
    uint32_t locktime = UINT32_MAX;
    for (const Json& item : items) {
        psbts.push_back(read_psbt(item));
        const Psbt& psbt = psbts.back();
        if (psbt.version != 0)
            fail(Code::invalid_parameter, "joinpsbts only operates on version 0 PSBTs");
        joined.transaction_version = std::max(joined.transaction_version, psbt.transaction_version);
        locktime = std::min(locktime, psbt.fallback_locktime.value_or(0));
    }
    joined.fallback_locktime = locktime;
    for (const Psbt& psbt : psbts) {
        add_distinct_inputs(joined, psbt);
        joined.outputs.insert(joined.outputs.end(), psbt.outputs.begin(), psbt.outputs.end());
        joined.unknown.insert(psbt.unknown.begin(), psbt.unknown.end());
    }
    // The order would tell whose inputs and outputs are whose.
    call.ask([&](Node& node) {
        shuffle(node, joined.inputs);
        shuffle(node, joined.outputs);
    });
    call.out().value(joined.to_base64());
}

void write_missing(JsonWriter& out, const MissingParts& missing) {
    if (missing.keys.empty() && missing.signatures.empty() && !missing.redeem_script &&
        !missing.witness_script)
        return;
    const auto write_hashes = [&](std::string_view name, const std::vector<Hash160>& hashes) {
        if (hashes.empty()) return;
        out.field_array(name, [&] {
            for (const Hash160& hash : hashes) out.hex(hash);
        });
    };
    out.field_object("missing", [&] {
        write_hashes("pubkeys", missing.keys);
        if (missing.redeem_script) out.key("redeemscript").hex(*missing.redeem_script);
        if (missing.witness_script) out.key("witnessscript").hex(missing.witness_script->span());
        write_hashes("signatures", missing.signatures);
    });
}

void analyzepsbt(Call& call) {
    const PsbtAnalysis analysis = analyze_psbt(read_psbt(call.argument(0)));
    JsonWriter& out = call.out();
    out.object([&] {
        if (!analysis.inputs.empty()) {
            out.field_array("inputs", [&] {
                for (const PsbtInputAnalysis& input : analysis.inputs) {
                    out.object([&] {
                        out.field("has_utxo", input.has_utxo);
                        out.field("is_final", input.is_final);
                        out.field("next", to_string(input.next));
                        write_missing(out, input.missing);
                    });
                }
            });
        }
        if (analysis.virtual_size) {
            constexpr int64_t kFeeRateUnit = 1000;
            out.field("estimated_vsize", *analysis.virtual_size);
            out.field("estimated_feerate",
                      Amount{analysis.fee->value() * kFeeRateUnit / *analysis.virtual_size});
        }
        if (analysis.fee) out.field("fee", *analysis.fee);
        out.field("next", to_string(analysis.next));
        if (!analysis.error.empty()) out.field("error", analysis.error);
    });
}

constexpr Parameter kPsbt{"psbt", ParameterType::string, true, "", "A base64 string of a PSBT"};
constexpr Parameter kTxs{"txs",
                         ParameterType::array,
                         true,
                         "",
                         "The base64 strings of partially signed transactions",
                         R"(["psbt",...])"};
constexpr Parameter kPsbtVersion{"psbt_version", ParameterType::number, false, "2",
                                 "The version of the PSBT: 2 or 0"};
constexpr std::string_view kPsbtResult = "\"psbt\"    (string) The resulting PSBT, in base64";

std::vector<Method> creation_methods() {
    using enum ParameterType;
    std::vector<Parameter> create = transaction_parameters();
    create.push_back(kPsbtVersion);
    return {
        {.name = "createpsbt",
         .category = "rawtransactions",
         .description = "Creates a partially signed transaction. It is not signed, stored or sent.",
         .parameters = std::move(create),
         .result = kPsbtResult,
         .example = R"("[{\"txid\":\"myid\",\"vout\":0}]" "[{\"address\":0.01}]")",
         .handler = &createpsbt},
        {.name = "converttopsbt",
         .category = "rawtransactions",
         .description = "Converts a serialized transaction to a partially signed transaction.",
         .parameters = {{"hexstring", hex, true, "", "The transaction hex string"},
                        {"permitsigdata", boolean, false, "false",
                         "Drop the signatures in the transaction; if false, they are an error."},
                        {"iswitness", boolean, false, "depends on heuristic tests",
                         "Whether the transaction hex is a serialized witness transaction."},
                        kPsbtVersion},
         .result = kPsbtResult,
         .example = "\"rawtransaction\"",
         .handler = &converttopsbt},
        {.name = "joinpsbts",
         .category = "rawtransactions",
         .description = "Joins several version 0 PSBTs with different inputs into one, with the "
                        "inputs and outputs of all, in random order and without signatures.",
         .parameters = {kTxs},
         .result = kPsbtResult,
         .example = "\"psbt\"",
         .handler = &joinpsbts},
    };
}

}  // namespace

std::vector<Method> psbt_methods() {
    using enum ParameterType;
    std::vector<Method> methods = creation_methods();
    for (Method& method : std::vector<Method>{
             {.name = "decodepsbt",
    .category = "rawtransactions",
    .description = "Returns a partially signed transaction as a JSON object.",
    .parameters = {kPsbt},
    .result = "{tx, global_xpubs, psbt_version, proprietary, unknown, inputs, outputs, "
              "fee}    (json object)",
    .example = "\"psbt\"",
    .handler = &decodepsbt},
             {.name = "combinepsbt",
             .category = "rawtransactions",
             .description = "Merges PSBTs of the same transaction into one with all their "
                            "signatures and data.",
             .parameters = {kTxs},
             .result = kPsbtResult,
             .example = R"('["mybase64_1", "mybase64_2", "mybase64_3"]')",
             .handler = &combinepsbt},
             {.name = "finalizepsbt",
             .category = "rawtransactions",
             .description = "Makes final scriptSigs and witnesses of inputs whose signatures are "
                            "complete. If all inputs are, the transaction is extracted.",
             .parameters = {kPsbt,
                            {"extract", boolean, false, "true",
                             "Return the transaction instead of the PSBT if it is complete."}},
             .result = "{psbt, hex, complete}    (json object)",
             .example = "\"psbt\"",
             .handler = &finalizepsbt},
             {.name = "analyzepsbt",
             .category = "rawtransactions",
             .description = "Shows what is missing in a PSBT, and who has to act next.",
             .parameters = {kPsbt},
             .result = "{inputs, estimated_vsize, estimated_feerate, fee, next, error}    (json "
                       "object)",
             .example = "\"psbt\"",
             .handler = &analyzepsbt},
         })
        methods.push_back(std::move(method));
    return methods;
}

}  // namespace parley::rpc
