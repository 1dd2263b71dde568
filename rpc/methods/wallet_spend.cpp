// Paying from a wallet: send, fund, bump, sign.
#include <fmt/format.h>

#include <algorithm>

#include "chain/primitives/address.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/signing.h"

namespace parley::rpc {

namespace {

/// A fee rate in satoshi a virtual byte, with at most three decimals.
FeeRate read_rate_per_byte(const Json& json, std::string_view name) {
    // Read as an amount in coins: one satoshi per kvB is then 10^5 of the smallest unit.
    constexpr int64_t kUnit = 100'000;
    const Amount rate = read_amount(json, name);
    if (rate.value() % kUnit != 0) fail(Code::type, fmt::format("Invalid amount ({})", name));
    return FeeRate{rate.value() / kUnit};
}

/// conf_target and estimate_mode select a fee estimate. This node has no estimates: it checks both
/// and uses the wallet's fallback fee. They cannot be combined with an explicit rate.
std::optional<FeeRate> read_fee_choice(const Json& conf_target, const Json& estimate_mode,
                                       const Json& fee_rate) {
    if (!conf_target.is_null()) {
        if (!fee_rate.is_null())
            fail(Code::invalid_parameter,
                 "Cannot specify both conf_target and fee_rate. Please provide either a "
                 "confirmation target in blocks for automatic fee estimation, or an explicit fee "
                 "rate.");
        const int64_t target = read_integer(conf_target, "conf_target");
        if (target < 1 || target > 1'008)
            fail(Code::invalid_parameter, "Invalid conf_target, must be between 1 and 1008");
    }
    if (!estimate_mode.is_null()) {
        const std::string& mode = read_string(estimate_mode, "estimate_mode");
        if (!fee_rate.is_null() && mode != "unset" && mode != "UNSET")
            fail(Code::invalid_parameter, "Cannot specify both estimate_mode and fee_rate");
    }
    if (fee_rate.is_null()) return std::nullopt;
    return read_rate_per_byte(fee_rate, "fee_rate");
}

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
    SpendRequest request;
    request.recipients.push_back({read_address(call.params(), call.string(0)),
                                  read_amount(call.argument(1), call.name(1)), call.boolean(4)});
    request.fee_rate = read_fee_choice(call.argument(6), call.argument(7), call.argument(9));
    send_and_write(call, std::move(request), {call.string(2), call.string(3), std::nullopt},
                   call.argument(5), call.boolean(10));
}

void subtract_fee_from(const Call& call, const Json& item, std::vector<Recipient>& recipients) {
    if (item.is_number()) {
        const int64_t position = read_integer(item, "subtractfeefrom");
        if (position < 0 || position >= static_cast<int64_t>(recipients.size()))
            fail(Code::invalid_parameter,
                 fmt::format("Invalid parameter 'subtract fee from output', index out of bounds: "
                             "{}",
                             position));
        recipients[static_cast<size_t>(position)].subtract_fee = true;
        return;
    }
    const std::string& address = read_string(item, "subtractfeefrom");
    const Script script = read_address(call.params(), address);
    const auto recipient =
        std::find_if(recipients.begin(), recipients.end(),
                     [&](const Recipient& other) { return other.script == script; });
    if (recipient == recipients.end())
        fail(Code::invalid_parameter,
             fmt::format("Invalid parameter 'subtract fee from output', destination {} not found "
                         "in tx outputs",
                         address));
    if (recipient->subtract_fee)
        fail(Code::invalid_parameter,
             fmt::format("Invalid parameter 'subtract fee from output', duplicated destination: "
                         "{}",
                         address));
    recipient->subtract_fee = true;
}

void sendmany(Call& call) {
    if (!call.string(0).empty()) fail(Code::invalid_parameter, "Dummy value must be set to \"\"");
    SpendRequest request;
    for (TxOutput& output : read_outputs(call.params(), call.argument(1)))
        request.recipients.push_back({std::move(output.script_pubkey), output.value, false});
    if (request.recipients.empty())
        fail(Code::invalid_parameter, "Transaction must have at least one recipient (amounts)");
    if (call.has(4)) {
        for (const Json& item : read_array(call.argument(4), call.name(4)))
            subtract_fee_from(call, item, request.recipients);
    }
    request.fee_rate = read_fee_choice(call.argument(6), call.argument(7), call.argument(8));
    send_and_write(call, std::move(request), {call.string(3), "", std::nullopt}, call.argument(5),
                   call.boolean(9));
}

const Json& member(const Json& options, std::string_view key) {
    static const Json kNull;
    const Json* found = options.find(key);
    return found ? *found : kNull;
}

std::optional<FeeRate> funding_rate(const Json& options) {
    const Json& coins_per_kvb = member(options, "feeRate");
    if (coins_per_kvb.is_null())
        return read_fee_choice(member(options, "conf_target"), member(options, "estimate_mode"),
                               member(options, "fee_rate"));
    if (!member(options, "fee_rate").is_null())
        fail(Code::invalid_parameter,
             "Cannot specify both fee_rate (sat/vB) and feeRate (BTC/kvB)");
    return FeeRate{read_fee_rate(coins_per_kvb, "feeRate").value()};
}

bool flag(const Json& options, std::string_view name, bool otherwise) {
    const Json& value = member(options, name);
    return value.is_null() ? otherwise : value.boolean();
}

/// The outputs and inputs of `transaction` stay; nothing is signed.
SpendRequest funding_of(const TransactionData& transaction) {
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

void read_funding(const ChainParams& params, const Json& options, SpendRequest& request) {
    if (options.is_null()) return;
    check_members(options, {{"add_inputs", ParameterType::boolean},
                            {"include_unsafe", ParameterType::boolean},
                            {"changeAddress", ParameterType::string},
                            {"changePosition", ParameterType::number},
                            {"lockUnspents", ParameterType::boolean},
                            {"fee_rate", ParameterType::amount},
                            {"feeRate", ParameterType::amount},
                            {"subtractFeeFromOutputs", ParameterType::array},
                            {"conf_target", ParameterType::number},
                            {"estimate_mode", ParameterType::string},
                            {"replaceable", ParameterType::boolean},
                            {"includeWatching", ParameterType::boolean}});
    const size_t outputs = request.recipients.size();
    request.add_inputs = flag(options, "add_inputs", true);
    request.include_unsafe = flag(options, "include_unsafe", false);
    if (const Json& value = member(options, "changeAddress"); !value.is_null()) {
        const auto script = decode_address(params.address_prefixes, value.string());
        if (!script) fail(Code::address_or_key, "Change address must be a valid bitcoin address");
        request.change_script = *script;
    }
    if (const Json& value = member(options, "changePosition"); !value.is_null()) {
        const int64_t position = read_integer(value, "changePosition");
        if (position < 0 || position > static_cast<int64_t>(outputs))
            fail(Code::invalid_parameter, "changePosition out of bounds");
        request.change_position = static_cast<size_t>(position);
    }
    if (const Json& value = member(options, "subtractFeeFromOutputs"); !value.is_null()) {
        for (const Json& item : value.array()) {
            const int64_t position = read_integer(item, "subtractFeeFromOutputs");
            if (position < 0 || position >= static_cast<int64_t>(outputs))
                fail(Code::invalid_parameter,
                     fmt::format("Invalid parameter, subtractFeeFromOutputs: position {} is out of "
                                 "bounds",
                                 position));
            request.recipients[static_cast<size_t>(position)].subtract_fee = true;
        }
    }
    request.fee_rate = funding_rate(options);
}

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
    SpendRequest request = funding_of(*data);
    const Json& options = call.argument(1);
    read_funding(call.params(), options, request);
    const SpendResult funded = call.ask_wallet([&](Node& node, Wallet& wallet) {
        request.replaceable = flag(options, "replaceable", node.config().wallet.signal_replaceable);
        SpendResult result = unwrap(wallet.create_transaction(request));
        if (flag(options, "lockUnspents", false)) {
            for (const TxInput& input : result.transaction->inputs())
                unwrap(wallet.lock_unspent(input.prevout, false));
        }
        return result;
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.key("hex").hex(funded.transaction->serialize());
        out.field("fee", funded.fee);
        out.key("changepos");
        if (funded.change_position)
            out.value(*funded.change_position);
        else
            out.value(-1);
    });
}

void bumpfee(Call& call) {
    const Txid txid = call.txid(0);
    std::optional<FeeRate> rate;
    if (call.has(1)) {
        const Json& options = call.argument(1);
        check_members(options, {{"conf_target", ParameterType::number},
                                {"fee_rate", ParameterType::amount},
                                {"replaceable", ParameterType::boolean},
                                {"estimate_mode", ParameterType::string}});
        rate = read_fee_choice(member(options, "conf_target"), member(options, "estimate_mode"),
                               member(options, "fee_rate"));
    }
    const auto bumped = call.ask_wallet([&](Node& node, Wallet& wallet) {
        if (!wallet.transaction(txid))
            fail(Code::address_or_key, "Invalid or non-wallet transaction id");
        return unwrap(node.bump_fee(wallet, txid, rate));
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("txid", bumped.spend.transaction->txid());
        out.field("origfee", bumped.original_fee);
        out.field("fee", bumped.spend.fee);
        out.field_array("errors", [] {});
    });
}

void signrawtransactionwithwallet(Call& call) {
    const TransactionData data = read_raw_transaction(call.argument(0), call.name(0));
    const PreviousOutputs given = read_previous_outputs(call.argument(1));
    const uint8_t type = read_sighash_type(call.argument(2));
    const SignResult result = call.ask_wallet([&](Node& node, Wallet& wallet) {
        const auto known = [&](const OutPoint& outpoint) -> std::optional<TxOutput> {
            if (auto output = known_output(node, outpoint)) return output;
            return wallet.known_output(outpoint);
        };
        return wallet.sign(data, spent_outputs(data, given, known), type);
    });
    write_sign_result(call.out(), result);
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
                        {"avoid_reuse", boolean, false, "true", "Without effect"},
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
                        {"options", object, false, "",
                         "add_inputs, include_unsafe, changeAddress, changePosition, lockUnspents, "
                         "fee_rate (sat/vB), feeRate (BTC/kvB), subtractFeeFromOutputs, "
                         "conf_target, estimate_mode, replaceable"},
                        {"iswitness", boolean, false, "depends on heuristic tests",
                         "Whether the transaction hex is a serialized witness transaction."}},
         .result = "{hex, fee, changepos}    (json object)",
         .example = "\"rawtransactionhex\"",
         .handler = &fundrawtransaction},
        {.name = "bumpfee",
         .category = "wallet",
         .description = "Bumps the fee of an opt-in-RBF transaction T, replacing it with a new "
                        "transaction B.",
         .parameters = {{"txid", hex, true, "", "The txid to be bumped"},
                        {"options", object, false, "",
                         "fee_rate (sat/vB), conf_target, estimate_mode, replaceable"}},
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
