// Paying from a wallet: send, fund, bump, sign.
#include <fmt/format.h>

#include <algorithm>

#include "chain/rules/address.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/signing.h"

namespace parley::rpc {

namespace {

/// A fee rate in satoshi a virtual byte, with at most three decimals, as satoshi a kvB.
Amount read_rate_per_byte(const Json& json, std::string_view name) {
    // As if it were coins: a satoshi a kvB is then 10^5 of the smallest unit.
    constexpr int64_t kUnit = 100'000;
    const Amount rate = read_amount(json, name);
    if (rate.value() % kUnit != 0) fail(Code::type, fmt::format("Invalid amount ({})", name));
    return Amount{rate.value() / kUnit};
}

/// conf_target and estimate_mode choose a rate by history, of which this node has none: they are
/// checked, and the wallet's fallback holds. An explicit rate excludes them.
std::optional<Amount> read_fee_choice(const Json& conf_target, const Json& estimate_mode,
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

void send_and_write(Call& call, const WalletSpend& spend, bool verbose) {
    const WalletSent sent = call.ask_wallet([&](NodeControl&, WalletControl& wallet) {
        if (!wallet.summary().private_keys)
            fail(Code::wallet, "Error: Private keys are disabled for this wallet");
        return unwrap(wallet.send(spend));
    });
    JsonWriter& out = call.out();
    if (!verbose) {
        out.value(sent.transaction->txid());
        return;
    }
    out.object([&] {
        out.field("txid", sent.transaction->txid());
        out.field("fee_reason", spend.fee_rate ? "User specified" : "Fallback fee");
    });
}

void sendtoaddress(Call& call) {
    WalletSpend spend;
    WalletSpend::Recipient recipient;
    recipient.script = read_address(call.params(), call.string(0));
    recipient.amount = read_amount(call.argument(1), call.name(1));
    spend.comment = call.string(2);
    spend.comment_to = call.string(3);
    recipient.subtract_fee = call.boolean(4);
    if (call.has(5)) spend.replaceable = call.boolean(5);
    spend.fee_rate = read_fee_choice(call.argument(6), call.argument(7), call.argument(9));
    spend.recipients.push_back(std::move(recipient));
    send_and_write(call, spend, call.boolean(10));
}

void subtract_fee_from(const Call& call, const Json& item, WalletSpend& spend) {
    if (item.is_number()) {
        const int64_t position = read_integer(item, "subtractfeefrom");
        if (position < 0 || position >= static_cast<int64_t>(spend.recipients.size()))
            fail(Code::invalid_parameter,
                 fmt::format("Invalid parameter 'subtract fee from output', index out of bounds: "
                             "{}",
                             position));
        spend.recipients[static_cast<size_t>(position)].subtract_fee = true;
        return;
    }
    const std::string& address = read_string(item, "subtractfeefrom");
    const Script script = read_address(call.params(), address);
    const auto recipient =
        std::find_if(spend.recipients.begin(), spend.recipients.end(),
                     [&](const WalletSpend::Recipient& other) { return other.script == script; });
    if (recipient == spend.recipients.end())
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
    WalletSpend spend;
    for (TxOutput& output : read_outputs(call.params(), call.argument(1)))
        spend.recipients.push_back({std::move(output.script_pubkey), output.value, false});
    if (spend.recipients.empty())
        fail(Code::invalid_parameter, "Transaction must have at least one recipient (amounts)");
    spend.comment = call.string(3);
    if (call.has(4)) {
        for (const Json& item : read_array(call.argument(4), call.name(4)))
            subtract_fee_from(call, item, spend);
    }
    if (call.has(5)) spend.replaceable = call.boolean(5);
    spend.fee_rate = read_fee_choice(call.argument(6), call.argument(7), call.argument(8));
    send_and_write(call, spend, call.boolean(9));
}

const Json& member(const Json& options, std::string_view key) {
    static const Json kNull;
    const Json* found = options.find(key);
    return found ? *found : kNull;
}

std::optional<Amount> funding_rate(const Json& options) {
    const Json& coins_per_kvb = member(options, "feeRate");
    if (coins_per_kvb.is_null())
        return read_fee_choice(member(options, "conf_target"), member(options, "estimate_mode"),
                               member(options, "fee_rate"));
    if (!member(options, "fee_rate").is_null())
        fail(Code::invalid_parameter,
             "Cannot specify both fee_rate (sat/vB) and feeRate (BTC/kvB)");
    return read_fee_rate(coins_per_kvb, "feeRate");
}

WalletFunding read_funding(const ChainParams& params, const Json& options, size_t outputs) {
    WalletFunding funding;
    if (options.is_null()) return funding;
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
    const auto flag = [&](std::string_view name, bool otherwise) {
        const Json& value = member(options, name);
        return value.is_null() ? otherwise : value.boolean();
    };
    funding.add_inputs = flag("add_inputs", true);
    funding.include_unsafe = flag("include_unsafe", false);
    funding.lock_unspents = flag("lockUnspents", false);
    if (const Json& value = member(options, "replaceable"); !value.is_null())
        funding.replaceable = value.boolean();
    if (const Json& value = member(options, "changeAddress"); !value.is_null()) {
        const auto script = decode_address(params, value.string());
        if (!script) fail(Code::address_or_key, "Change address must be a valid bitcoin address");
        funding.change_script = *script;
    }
    if (const Json& value = member(options, "changePosition"); !value.is_null()) {
        const int64_t position = read_integer(value, "changePosition");
        if (position < 0 || position > static_cast<int64_t>(outputs))
            fail(Code::invalid_parameter, "changePosition out of bounds");
        funding.change_position = static_cast<uint32_t>(position);
    }
    if (const Json& value = member(options, "subtractFeeFromOutputs"); !value.is_null()) {
        for (const Json& item : value.array()) {
            const int64_t position = read_integer(item, "subtractFeeFromOutputs");
            if (position < 0 || position >= static_cast<int64_t>(outputs))
                fail(Code::invalid_parameter,
                     fmt::format("Invalid parameter, subtractFeeFromOutputs: position {} is out of "
                                 "bounds",
                                 position));
            funding.subtract_fee_from_outputs.push_back(static_cast<uint32_t>(position));
        }
    }
    funding.fee_rate = funding_rate(options);
    return funding;
}

void fundrawtransaction(Call& call) {
    const WitnessGuess guess = !call.has(2)      ? WitnessGuess::either
                               : call.boolean(2) ? WitnessGuess::with
                                                 : WitnessGuess::without;
    auto data = decode_transaction_hex(call.string(0), guess);
    // A transaction without inputs reads like the witness form's marker: try the old form, too.
    if (data && data->inputs.empty() && data->outputs.empty() && guess == WitnessGuess::either)
        data = decode_transaction_hex(call.string(0), WitnessGuess::without);
    if (!data) fail(Code::deserialization, "TX decode failed");
    if (data->outputs.empty()) fail(Code::invalid_parameter, "TX must have at least one output");
    const WalletFunding funding =
        read_funding(call.params(), call.argument(1), data->outputs.size());
    const WalletSent funded = call.ask_wallet(
        [&](NodeControl&, WalletControl& wallet) { return unwrap(wallet.fund(*data, funding)); });
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
    std::optional<Amount> rate;
    if (call.has(1)) {
        const Json& options = call.argument(1);
        check_members(options, {{"conf_target", ParameterType::number},
                                {"fee_rate", ParameterType::amount},
                                {"replaceable", ParameterType::boolean},
                                {"estimate_mode", ParameterType::string}});
        rate = read_fee_choice(member(options, "conf_target"), member(options, "estimate_mode"),
                               member(options, "fee_rate"));
    }
    const WalletBumped bumped = call.ask_wallet([&](NodeControl&, WalletControl& wallet) {
        if (!wallet.transaction(txid))
            fail(Code::address_or_key, "Invalid or non-wallet transaction id");
        return unwrap(wallet.bump_fee(txid, rate));
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("txid", bumped.replacement.transaction->txid());
        out.field("origfee", bumped.original_fee);
        out.field("fee", bumped.replacement.fee);
        out.field_array("errors", [] {});
    });
}

void signrawtransactionwithwallet(Call& call) {
    const TransactionData data = read_raw_transaction(call.argument(0), call.name(0));
    const PreviousOutputs given = read_previous_outputs(call.argument(1));
    const uint8_t type = read_sighash_type(call.argument(2));
    const SignResult result = call.ask_wallet([&](NodeControl& node, WalletControl& wallet) {
        const auto known = [&](const OutPoint& outpoint) -> std::optional<TxOutput> {
            if (const auto coin = node.coin(outpoint, true)) return coin->output;
            if (const auto coin = node.coin(outpoint, false)) return coin->output;
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
                             "Specify a fee rate in sat/vB."};
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
         .description = "Add inputs to a transaction until it has enough in value to meet its out "
                        "value, and at most one change output. It is not signed.",
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
