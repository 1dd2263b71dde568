#include "rpc/signing/signing.h"

#include <fmt/format.h>

#include "base/crypto/hash.h"
#include "base/crypto/sha256.h"
#include "chain/script/script_type.h"
#include "rpc/json/script_json.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

std::optional<TxOutput> known_output(Node& node, const OutPoint& outpoint) {
    if (const auto coin = unwrap(node.coin(outpoint, true))) return coin->output;
    // Includes outputs that a mempool transaction spends: the new transaction may replace it.
    if (const auto coin = unwrap(node.coin(outpoint, false))) return coin->output;
    return std::nullopt;
}

namespace {

Script read_script(const Json& json, std::string_view name) {
    return Script{read_hex(json, name)};
}

/// A redeem script may stand in either member, and the witness script of P2SH-P2WSH as well:
/// bitcoind accepts both, for older clients.
void add_scripts(const Json& item, const Script& output, KeySet& keys) {
    const Json* redeem = item.find("redeemScript");
    const Json* witness = item.find("witnessScript");
    if (redeem != nullptr && redeem->is_null()) redeem = nullptr;
    if (witness != nullptr && witness->is_null()) witness = nullptr;
    if (redeem == nullptr && witness == nullptr)
        fail(Code::invalid_parameter, "Missing redeemScript/witnessScript");
    const Script script = witness != nullptr ? read_script(*witness, "witnessScript")
                                             : read_script(*redeem, "redeemScript");
    const Script program = witness_script(0, sha256(script.bytes()).span());
    keys.add(script);
    keys.add(program);
    if (witness != nullptr && redeem != nullptr) {
        const Script other = read_script(*redeem, "redeemScript");
        if (other != script && other != program)
            fail(Code::invalid_parameter, "redeemScript does not correspond to witnessScript");
    }
    const bool matches = match_p2sh(output) ? output == p2sh_script(hash160(script.bytes())) ||
                                                  output == p2sh_script(hash160(program.bytes()))
                                            : output == program;
    if (!matches)
        fail(Code::invalid_parameter, "redeemScript/witnessScript does not match scriptPubKey");
}

}  // namespace

PreviousOutputs read_previous_outputs(const Json& prevtxs, KeySet* keys) {
    PreviousOutputs outputs;
    if (prevtxs.is_null()) return outputs;
    for (const Json& item : read_array(prevtxs)) {
        if (!item.is_object())
            fail(Code::deserialization,
                 "expected object with {\"txid'\",\"vout\",\"scriptPubKey\"}");
        require_members(item, {"txid", "vout", "scriptPubKey"});
        check_known_members(item, {{"txid", ParameterType::hex},
                                   {"vout", ParameterType::number},
                                   {"scriptPubKey", ParameterType::hex},
                                   {"redeemScript", ParameterType::hex},
                                   {"witnessScript", ParameterType::hex},
                                   {"amount", ParameterType::amount}});
        const int64_t vout = read_integer(*item.find("vout"));
        if (vout < 0) fail(Code::deserialization, "vout cannot be negative");
        PreviousOutput output;
        output.script = Script{read_hex(*item.find("scriptPubKey"), "scriptPubKey")};
        if (const Json* amount = item.find("amount")) output.amount = read_amount(*amount);
        const ScriptType type = classify_script(output.script);
        if (keys != nullptr &&
            (type == ScriptType::script_hash || type == ScriptType::witness_script_hash))
            add_scripts(item, output.script, *keys);
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
            else if (!output)
                output = TxOutput{kMaxMoney, stated.script};
        }
        if (output) result.emplace(input.prevout, std::move(*output));
    }
    return result;
}

namespace {

// A signature of a witness commits to the amount.
void check_amounts(const SignResult& result, const SpentOutputs& spent) {
    for (const TxInput& input : result.transaction.inputs) {
        const auto output = spent.find(input.prevout);
        if (output == spent.end() || output->second.value != kMaxMoney || input.witness.empty())
            continue;
        constexpr size_t kDigitsShown = 30;
        fail(Code::type,
             fmt::format("Missing amount for CTxOut(nValue={}, scriptPubKey={})",
                         to_string(output->second.value),
                         to_hex(output->second.script_pubkey.bytes()).substr(0, kDigitsShown)));
    }
}

}  // namespace

void write_sign_result(JsonWriter& out, const SignResult& result, const SpentOutputs& spent) {
    check_amounts(result, spent);
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
