// signrawtransactionwithkey and combinerawtransaction.
#include <fmt/format.h>

#include "chain/primitives/address.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/signing/signing.h"

namespace parley::rpc {

namespace {

void signrawtransactionwithkey(Call& call) {
    const TransactionData data = read_raw_transaction(call.argument(0));
    KeySet keys;
    for (const Json& item : read_array(call.argument(1))) {
        const auto key = decode_secret_key(call.params().address_prefixes, read_string(item));
        if (!key) fail(Code::address_or_key, "Invalid private key");
        keys.add({key->key, key->compressed});
    }
    const PreviousOutputs given = read_previous_outputs(call.argument(2), &keys);
    const uint8_t type = read_sighash_type(call.argument(3));
    const SpentOutputs spent = call.ask([&](Node& node) {
        return spent_outputs(
            data, given, [&](const OutPoint& outpoint) { return known_output(node, outpoint); });
    });
    write_sign_result(call.out(), sign_transaction(data, spent, keys, type), spent);
}

Txid id_without_signatures(TransactionData data) {
    for (TxInput& input : data.inputs) {
        input.script_sig = Script{};
        input.witness.clear();
    }
    return Transaction{std::move(data)}.txid();
}

void combinerawtransaction(Call& call) {
    const Json::Array& texts = read_array(call.argument(0));
    if (texts.size() < 2)
        fail(Code::deserialization, "Missing transactions. At least two transactions required.");
    std::vector<TransactionData> variants;
    for (const Json& item : texts) {
        auto data = decode_transaction_hex(read_string(item));
        if (!data)
            fail(Code::deserialization,
                 fmt::format("TX decode failed for tx {}. Make sure the tx has at least one input.",
                             variants.size()));
        variants.push_back(std::move(*data));
    }
    const Txid first = id_without_signatures(variants.front());
    for (size_t i = 1; i < variants.size(); ++i) {
        if (id_without_signatures(variants[i]) != first)
            fail(Code::invalid_parameter,
                 fmt::format("Transaction number {} not compatible with first transaction", i + 1));
    }
    SpentOutputs spent;
    call.ask([&](Node& node) {
        for (const TxInput& input : variants.front().inputs) {
            const auto output = known_output(node, input.prevout);
            if (!output) fail(Code::verify, "Input not found or already spent");
            spent.emplace(input.prevout, *output);
        }
    });
    Writer writer;
    write_transaction(writer, combine_signatures(variants, spent), WitnessEncoding::with);
    call.out().hex(writer.data());
}

}  // namespace

std::vector<Method> raw_signing_methods() {
    using enum ParameterType;
    return {
        {.name = "signrawtransactionwithkey",
         .category = "rawtransactions",
         .description = "Sign inputs for raw transaction (serialized, hex-encoded), with the given "
                        "private keys. The wallets are not used.",
         .parameters = {{"hexstring", hex, true, "", "The transaction hex string"},
                        {"privkeys", array, true, "", "The base58-encoded private keys for signing",
                         R"(["privatekey",...])"},
                        {"prevtxs", array, false, "",
                         "The previous dependent transaction outputs. P2SH and P2WSH outputs need "
                         "their redeem or witness script.",
                         R"([{"txid":"hex","vout":n,"scriptPubKey":"hex","redeemScript":"hex",)"
                         R"("witnessScript":"hex","amount":amount},...])"},
                        {"sighashtype", string, false, "DEFAULT for Taproot, ALL otherwise",
                         "The signature hash type"}},
         .result = "{hex, complete, errors}    (json object)",
         .example = "\"myhex\" \"[\\\"key1\\\",\\\"key2\\\"]\"",
         .handler = &signrawtransactionwithkey},
        {.name = "combinerawtransaction",
         .category = "rawtransactions",
         .description = "Merges the signatures of several partially signed variants of a "
                        "transaction. The spent outputs must be in the UTXO set or in the mempool.",
         .parameters = {{"txs", array, true, "", "The hex strings of the variants",
                         R"(["hexstring",...])"}},
         .result = "\"hex\"    (string) the transaction with all signatures",
         .example = R"('["myhex1", "myhex2", "myhex3"]')",
         .handler = &combinerawtransaction},
    };
}

}  // namespace parley::rpc
