// Paying from a wallet: send, fund, bump, sign.
#include <fmt/format.h>

#include <algorithm>

#include "chain/primitives/address.h"
#include "rpc/json/spend_options.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/psbt/psbt_json.h"
#include "rpc/signing/signing.h"
#include "rpc/wallet/funding.h"

namespace parley::rpc {

namespace {

/// `replaceable`: null for the wallet's default.
void send_and_write(Call& call, SpendRequest request, const SpendNotes& notes,
                    const Json& replaceable, bool verbose) {
    const SpendResult sent = call.ask_wallet([&](Node& node, Wallet& wallet) {
        if (!wallet.info().private_keys)
            fail(Code::wallet, "Error: Private keys are disabled for this wallet");
        request.replaceable =
            replaceable.is_null() ? node.config().wallet.signal_replaceable : replaceable.boolean();
        return unwrap(node.send(wallet, request, notes));
    });
    JsonWriter& out = call.out();
    if (!verbose) {
        out.value(sent.transaction->txid());
        return;
    }
    out.object([&] {
        out.field("txid", sent.transaction->txid());
        out.field("fee_reason", request.fee_rate ? "User specified" : "Fallback fee");
    });
}

void sendtoaddress(Call& call) {
    if (call.boolean(8))
        fail(Code::wallet, "wallet does not have the \"avoid reuse\" feature enabled");
    SpendRequest request;
    request.fee_rate = read_fee_choice(call.argument(6), call.argument(7), call.argument(9));
    const Amount amount = read_amount(call.argument(1));
    request.recipients.push_back(
        {read_address(call.params(), call.string(0)), amount, call.boolean(4)});
    send_and_write(call, std::move(request), {call.string(2), call.string(3), std::nullopt},
                   call.argument(5), call.boolean(10));
}

void sendmany(Call& call) {
    if (!call.string(0).empty()) fail(Code::invalid_parameter, "Dummy value must be set to \"\"");
    SpendRequest request;
    request.fee_rate = read_fee_choice(call.argument(6), call.argument(7), call.argument(8));
    for (TxOutput& output : read_outputs(call.params(), call.argument(1)))
        request.recipients.push_back({std::move(output.script_pubkey), output.value, false});
    std::vector<std::string> destinations;
    for (const auto& [address, amount] : call.argument(1).object()) destinations.push_back(address);
    for (const size_t position : read_fee_payers(call.argument(4), destinations))
        request.recipients[position].subtract_fee = true;
    send_and_write(call, std::move(request), {call.string(3), "", std::nullopt}, call.argument(5),
                   call.boolean(9));
}

}  // namespace

SpendRequest funding_request(const TransactionData& transaction) {
    SpendRequest request;
    for (const TxOutput& output : transaction.outputs)
        request.recipients.push_back({output.script_pubkey, output.value, false});
    for (const TxInput& input : transaction.inputs) {
        request.inputs.push_back(input.prevout);
        request.sequences.push_back(input.sequence);
    }
    request.version = transaction.version;
    request.locktime = transaction.locktime;
    request.sign = false;
    return request;
}

SpendResult fund(Node& node, Wallet& wallet, SpendRequest request, const Json& options) {
    request.replaceable =
        option_flag(options, "replaceable", node.config().wallet.signal_replaceable);
    auto created = wallet.create_transaction(request);
    if (!created) fail(Code::wallet, created.error().message);
    if (option_flag(options, "lockUnspents", false)) {
        for (const TxInput& input : created->transaction->inputs())
            unwrap(wallet.lock_unspent(input.prevout, false));
    }
    return std::move(*created);
}

void write_change_position(JsonWriter& out, const SpendResult& funded) {
    out.key("changepos");
    if (funded.change_position)
        out.value(*funded.change_position);
    else
        out.value(-1);
}

namespace {

void fundrawtransaction(Call& call) {
    const WitnessGuess guess = !call.has(2)      ? WitnessGuess::either
                               : call.boolean(2) ? WitnessGuess::with
                                                 : WitnessGuess::without;
    auto data = decode_transaction_hex(call.string(0), guess);
    // A transaction without inputs looks like the marker of the witness serialization, so the
    // legacy serialization is tried too.
    if (data && data->inputs.empty() && data->outputs.empty() && guess == WitnessGuess::either)
        data = decode_transaction_hex(call.string(0), WitnessGuess::without);
    if (!data) fail(Code::deserialization, "TX decode failed");
    if (data->outputs.empty()) fail(Code::invalid_parameter, "TX must have at least one output");
    SpendRequest request = funding_request(*data);
    // A boolean is the includeWatching of old clients.
    const Json options = call.argument(1).is_boolean() ? Json{} : call.argument(1);
    if (!options.is_null()) read_object(options);
    read_funding_options(call.params(), options, request);
    const SpendResult funded = call.ask_wallet(
        [&](Node& node, Wallet& wallet) { return fund(node, wallet, request, options); });
    JsonWriter& out = call.out();
    out.object([&] {
        out.key("hex").hex(funded.transaction->serialize());
        out.field("fee", funded.fee);
        write_change_position(out, funded);
    });
}

void write_bump_fees(JsonWriter& out, const Wallet::Replacement& bumped) {
    out.field("origfee", bumped.original_fee);
    out.field("fee", bumped.spend.fee);
    out.field_array("errors", [] {});
}

void bumpfee(Call& call) {
    const Txid txid = call.txid(0);
    const BumpRequest request = read_bump_options(call.params(), call.argument(1));
    const auto bumped = call.ask_wallet([&](Node& node, Wallet& wallet) {
        if (!wallet.info().private_keys)
            fail(Code::wallet,
                 "bumpfee is not available with wallets that have private keys disabled. Use "
                 "psbtbumpfee instead.");
        if (!wallet.transaction(txid))
            fail(Code::address_or_key, "Invalid or non-wallet transaction id");
        return unwrap(node.bump_fee(wallet, txid, request));
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("txid", bumped.spend.transaction->txid());
        write_bump_fees(out, bumped);
    });
}

void psbtbumpfee(Call& call) {
    const Txid txid = call.txid(0);
    const Json& options = call.argument(1);
    BumpRequest request = read_bump_options(call.params(), options);
    request.sign = false;
    const uint32_t version = read_psbt_version(option_member(options, "psbt_version"));
    Psbt psbt;
    const auto bumped = call.ask_wallet([&](Node&, Wallet& wallet) {
        auto made = unwrap(wallet.create_replacement(txid, request));
        psbt = Psbt::of_transaction(made.spend.transaction->data(), version);
        process(wallet, psbt, {.sign = false});
        return made;
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("psbt", psbt.to_base64());
        write_bump_fees(out, bumped);
    });
}

void signrawtransactionwithwallet(Call& call) {
    const TransactionData data = read_raw_transaction(call.argument(0));
    const PreviousOutputs given = read_previous_outputs(call.argument(1), nullptr);
    const uint8_t type = read_sighash_type(call.argument(2));
    SpentOutputs spent;
    const SignResult result = call.ask_wallet([&](Node& node, Wallet& wallet) {
        const auto known = [&](const OutPoint& outpoint) -> std::optional<TxOutput> {
            if (auto output = known_output(node, outpoint)) return output;
            return wallet.known_output(outpoint);
        };
        spent = spent_outputs(data, given, known);
        return wallet.sign(data, spent, type);
    });
    write_sign_result(call.out(), result, spent);
}

constexpr Parameter kReplaceable{"replaceable", ParameterType::boolean, false, "wallet default",
                                 "Signal that this transaction can be replaced by a transaction "
                                 "(BIP 125)"};
constexpr Parameter kConfTarget{"conf_target", ParameterType::number, false, "",
                                "Confirmation target in blocks"};
constexpr Parameter kEstimateMode{"estimate_mode", ParameterType::string, false, "unset",
                                  "The fee estimate mode"};
constexpr Parameter kFeeRate{"fee_rate", ParameterType::amount, false, "the wallet's fallback fee",
                             "The fee rate, in sat/vB."};
constexpr Parameter kVerbose{"verbose", ParameterType::boolean, false, "false",
                             "If true, return extra information about the transaction."};
constexpr std::string_view kSentResult =
    "\"hex\"    (string) The transaction id, or {txid, fee_reason}    (json object)";

std::vector<Method> send_methods() {
    using enum ParameterType;
    return {
        {.name = "sendtoaddress",
         .category = "wallet",
         .description = "Send an amount to a given address.",
         .parameters = {{"address", string, true, "", "The bitcoin address to send to."},
                        {"amount", amount, true, "", "The amount in BTC to send. eg 0.1"},
                        {"comment", string, false, "",
                         "A comment used to store what the transaction is for."},
                        {"comment_to", string, false, "",
                         "A comment to store the name of the person or organization to which "
                         "you're sending the transaction."},
                        {"subtractfeefromamount", boolean, false, "false",
                         "The fee will be deducted from the amount being sent."},
                        kReplaceable,
                        kConfTarget,
                        kEstimateMode,
                        {"avoid_reuse", boolean, false, "false",
                         "Must not be true: no wallet here avoids dirty addresses."},
                        kFeeRate,
                        kVerbose},
         .result = kSentResult,
         .example = "\"bc1q09vm5lfy0j5reeulh4x5752q25uqqvz34hufdl\" 0.1",
         .handler = &sendtoaddress},
        {.name = "sendmany",
         .category = "wallet",
         .description = "Send to several addresses with one transaction.",
         .parameters = {{"dummy", string, false, "\"\"",
                         "Must be set to \"\" for backwards compatibility."},
                        {"amounts", object, true, "", "The addresses and amounts",
                         R"({"address":amount,...})"},
                        {"minconf", number, false, "", "Ignored dummy value"},
                        {"comment", string, false, "", "A comment"},
                        {"subtractfeefrom", array, false, "",
                         "The addresses (or positions) whose amounts pay the fee in equal parts.",
                         R"(["address",...])"},
                        kReplaceable,
                        kConfTarget,
                        kEstimateMode,
                        kFeeRate,
                        kVerbose},
         .result = kSentResult,
         .example = R"("" "{\"address1\":0.01,\"address2\":0.02}")",
         .handler = &sendmany},
    };
}

std::vector<Method> sign_methods() {
    using enum ParameterType;
    return {
        {.name = "fundrawtransaction",
         .category = "wallet",
         .description = "Adds inputs to a transaction until they cover its outputs and the fee, "
                        "and at most one change output. The inputs are not signed.",
         .parameters = {{"hexstring", hex, true, "", "The hex string of the raw transaction"},
                        {"options", json, false, "",
                         "add_inputs, include_unsafe, changeAddress, changePosition, lockUnspents, "
                         "fee_rate (sat/vB), feeRate (BTC/kvB), subtractFeeFromOutputs, "
                         "conf_target, estimate_mode, replaceable, minconf, maxconf, change_type, "
                         "input_weights, max_tx_weight",
                         "", kFundingOptions},
                        {"iswitness", boolean, false, "depends on heuristic tests",
                         "Whether the transaction hex is a serialized witness transaction."}},
         .result = "{hex, fee, changepos}    (json object)",
         .example = "\"rawtransactionhex\"",
         .handler = &fundrawtransaction},
        {.name = "psbtbumpfee",
         .category = "wallet",
         .description = "Makes a transaction that replaces transaction T of the wallet with a "
                        "higher fee, as a PSBT that is not signed.",
         .parameters = {{"txid", hex, true, "", "The txid to be bumped"},
                        {"options", object, false, "",
                         "fee_rate (sat/vB), conf_target, estimate_mode, replaceable, outputs, "
                         "original_change_index, psbt_version",
                         "", kBumpOptions}},
         .result = "{psbt, origfee, fee, errors}    (json object)",
         .example = "\"txid\"",
         .handler = &psbtbumpfee},
        {.name = "bumpfee",
         .category = "wallet",
         .description = "Bumps the fee of an opt-in-RBF transaction T, replacing it with a new "
                        "transaction B.",
         .parameters = {{"txid", hex, true, "", "The txid to be bumped"},
                        {"options", object, false, "",
                         "fee_rate (sat/vB), conf_target, estimate_mode, replaceable, outputs, "
                         "original_change_index",
                         "", kBumpOptions}},
         .result = "{txid, origfee, fee, errors}    (json object)",
         .example = "\"txid\"",
         .handler = &bumpfee},
        {.name = "signrawtransactionwithwallet",
         .category = "wallet",
         .description = "Sign inputs for raw transaction (serialized, hex-encoded) with the "
                        "wallet's keys.",
         .parameters = {{"hexstring", hex, true, "", "The transaction hex string"},
                        {"prevtxs", array, false, "", "The previous dependent transaction outputs",
                         R"([{"txid":"hex","vout":n,"scriptPubKey":"hex","amount":amount},...])"},
                        {"sighashtype", string, false, "ALL", "The signature hash type"}},
         .result = "{hex, complete, errors}    (json object)",
         .example = "\"myhex\"",
         .handler = &signrawtransactionwithwallet},
    };
}

}  // namespace

std::vector<Method> wallet_spend_methods() {
    std::vector<Method> methods = send_methods();
    const auto more = sign_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
