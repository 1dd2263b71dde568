#include "rpc/methods/signing.h"

#include <fmt/format.h>

#include "rpc/json/script_json.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

std::optional<TxOutput> known_output(Node& node, const OutPoint& outpoint) {
    if (const auto coin = unwrap(node.coin(outpoint, true))) return coin->output;
    // Includes outputs that a mempool transaction spends: the new transaction may replace it.
    if (const auto coin = unwrap(node.coin(outpoint, false))) return coin->output;
    return std::nullopt;
}

PreviousOutputs read_previous_outputs(const Json& prevtxs) {
    PreviousOutputs outputs;
    if (prevtxs.is_null()) return outputs;
    for (const Json& item : read_array(prevtxs, "prevtxs")) {
        if (!item.is_object())
            fail(Code::deserialization,
                 "expected object with {\"txid'\",\"vout\",\"scriptPubKey\"} (prevtxs)");
        check_known_members(item, {{"txid", ParameterType::hex},
                                   {"vout", ParameterType::number},
                                   {"scriptPubKey", ParameterType::hex},
                                   {"redeemScript", ParameterType::hex},
                                   {"witnessScript", ParameterType::hex},
                                   {"amount", ParameterType::amount}});
        for (const char* key : {"txid", "vout", "scriptPubKey"}) {
            if (!item.find(key)) fail(Code::type, fmt::format("Missing {} (prevtxs)", key));
        }
        const int64_t vout = read_integer(*item.find("vout"), "vout", INT32_MIN, INT32_MAX);
        if (vout < 0) fail(Code::deserialization, "vout cannot be negative");
        PreviousOutput output;
        output.script = Script{read_hex(*item.find("scriptPubKey"), "scriptPubKey")};
        if (const Json* amount = item.find("amount"))
            output.amount = read_amount(*amount, "amount");
        outputs[{read_txid(*item.find("txid"), "txid"), static_cast<uint32_t>(vout)}] =
            std::move(output);
    }
    return outputs;
}

SpentOutputs spent_outputs(const TransactionData& transaction, const PreviousOutputs& given,
                           const std::function<std::optional<TxOutput>(const OutPoint&)>& known) {
    SpentOutputs result;
    for (const TxInput& input : transaction.inputs) {
        std::optional<TxOutput> output = known(input.prevout);
        if (const auto found = given.find(input.prevout); found != given.end()) {
            const PreviousOutput& stated = found->second;
            if (output && output->script_pubkey != stated.script)
                fail(Code::deserialization,
                     fmt::format("Previous output scriptPubKey mismatch:\n{}\nvs:\n{}",
                                 script_asm(output->script_pubkey), script_asm(stated.script)));
            if (stated.amount)
                output = TxOutput{*stated.amount, stated.script};
            else if (!output && witness_program(stated.script))
                fail(Code::type, "Missing amount");
            else if (!output)
                output = TxOutput{Amount{0}, stated.script};
        }
        if (output) result.emplace(input.prevout, std::move(*output));
    }
    return result;
}

void write_sign_result(JsonWriter& out, const SignResult& result) {
    Writer writer;
    write_transaction(writer, result.transaction, WitnessEncoding::with);
    out.object([&] {
        out.key("hex").hex(writer.data());
        out.field("complete", result.complete());
        if (result.complete()) return;
        out.field_array("errors", [&] {
            for (const SignFailure& failure : result.failures) {
                const TxInput& input = result.transaction.inputs.at(failure.input);
                out.object([&] {
                    out.field("txid", input.prevout.txid);
                    out.field("vout", input.prevout.index);
                    out.field_array("witness", [&] {
                        for (const ByteSpan item : input.witness) out.hex(item);
                    });
                    out.key("scriptSig").hex(input.script_sig.bytes());
                    out.field("sequence", input.sequence);
                    out.field("error", failure.error);
                });
            }
        });
    });
}

}  // namespace parley::rpc
