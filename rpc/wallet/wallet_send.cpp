// send and sendall: one transaction from outputs and options, sent, or returned as a PSBT.
#include <fmt/format.h>

#include <algorithm>

#include "rpc/json/spend_options.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/psbt/psbt_json.h"
#include "rpc/wallet/funding.h"
#include "wallet/wallet_psbt.h"

namespace parley::rpc {

namespace {

constexpr std::string_view kSendOptions =
    "add_inputs|include_unsafe|minconf|maxconf|add_to_wallet|change_address|change_position|"
    "change_type|fee_rate|include_watching|inputs|locktime|lock_unspents|psbt|"
    "subtract_fee_from_outputs|max_tx_weight|conf_target|estimate_mode|replaceable|solving_data";
constexpr std::string_view kSendAllOptions =
    "add_to_wallet|fee_rate|include_watching|inputs|locktime|lock_unspents|psbt|send_max|minconf|"
    "maxconf|version|conf_target|estimate_mode|replaceable|solving_data";

/// Older names of options, which fundrawtransaction still has.
void refuse_outdated(const Json& options) {
    constexpr std::pair<std::string_view, std::string_view> kOutdated[] = {
        {"feeRate", "fee_rate (sat/vB)"},
        {"changeAddress", "change_address"},
        {"changePosition", "change_position"},
        {"lockUnspents", "lock_unspents"},
        {"subtractFeeFromOutputs", "subtract_fee_from_outputs"}};
    for (const auto& [old_name, new_name] : kOutdated) {
        if (options.is_object() && options.find(old_name) != nullptr)
            fail(Code::invalid_parameter, fmt::format("Use {} instead of {}", new_name, old_name));
    }
    if (!option_member(options, "input_weights").is_null())
        fail(Code::invalid_parameter,
             "Input weights should be specified in inputs rather than in options.");
}

/// conf_target, estimate_mode and fee_rate are the arguments 1 to 3, or options.
std::optional<FeeRate> read_send_rate(const Call& call, const Json& options) {
    const Json* target = &option_member(options, "conf_target");
    const Json* mode = &option_member(options, "estimate_mode");
    const Json* rate = &option_member(options, "fee_rate");
    if (target->is_null() && mode->is_null()) {
        target = &call.argument(1);
        mode = &call.argument(2);
    } else if (call.has(1) || call.has(2)) {
        fail(Code::invalid_parameter,
             "Pass conf_target and estimate_mode either as arguments or in the options object, but "
             "not both");
    }
    if (rate->is_null())
        rate = &call.argument(3);
    else if (call.has(3))
        fail(Code::invalid_parameter,
             "Pass the fee_rate either as an argument, or in the options object, but not both");
    if (!target->is_null() && (mode->is_null() || read_string(*mode) == "unset"))
        fail(Code::invalid_parameter, "Specify estimate_mode");
    return read_fee_choice(*target, *mode, *rate);
}

/// Those of `options` that fundrawtransaction has, by its names. The rest is read elsewhere.
Json funding_options(const Json& options) {
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"add_inputs", "add_inputs"},
        {"include_unsafe", "include_unsafe"},
        {"minconf", "minconf"},
        {"maxconf", "maxconf"},
        {"change_address", "changeAddress"},
        {"change_position", "changePosition"},
        {"change_type", "change_type"},
        {"solving_data", "solving_data"},
        {"max_tx_weight", "max_tx_weight"}};
    Json::Object members;
    for (const auto& [name, funding_name] : kNames) {
        if (const Json& value = option_member(options, name); !value.is_null())
            members.emplace_back(funding_name, value);
    }
    Json::Array weights;
    if (const Json& inputs = option_member(options, "inputs"); !inputs.is_null()) {
        for (const Json& input : inputs.array())
            if (input.find("weight") != nullptr) weights.push_back(input);
    }
    members.emplace_back("input_weights", Json::array(std::move(weights)));
    return Json::object(std::move(members));
}

/// Whether the wallet's default for the locktime holds: the tip, against fee sniping.
bool default_locktime(const Json& options, const TransactionData& data) {
    constexpr uint32_t kReplaceable = 0xfffffffd;
    constexpr uint32_t kFinalWithLocktime = 0xfffffffe;
    return option_member(options, "locktime").is_null() &&
           std::ranges::all_of(data.inputs, [](const TxInput& input) {
               return input.sequence == kReplaceable || input.sequence == kFinalWithLocktime;
           });
}

bool signals_replacement(Call& call, const Json& options) {
    const Json& value = option_member(options, "replaceable");
    if (!value.is_null()) return value.boolean();
    return call.ask([](Node& node) { return node.config().wallet.signal_replaceable; });
}

/// How the finished transaction leaves the wallet.
struct Delivery {
    bool add_to_wallet = true;
    bool as_psbt = false;
    bool lock_inputs = false;
};

Delivery read_delivery(const Json& options) {
    return {option_flag(options, "add_to_wallet", true), option_flag(options, "psbt", false),
            option_flag(options, "lock_unspents", false)};
}

struct Delivered {
    std::optional<TransactionRef> transaction;  ///< empty: signatures are missing
    bool sent = false;
    std::string psbt;
};

Delivered deliver(Node& node, Wallet& wallet, SpendRequest request, const Delivery& delivery) {
    const bool private_keys = wallet.info().private_keys;
    Delivered result;
    if (private_keys && delivery.add_to_wallet && !delivery.as_psbt) {
        auto sent = node.send(wallet, request, {});
        if (!sent) fail(Code::wallet, sent.error().message);
        result.transaction = std::move(sent->transaction);
        result.sent = true;
        return result;
    }
    request.sign = false;
    const auto made = wallet.create_transaction(request);
    if (!made) fail(Code::wallet, made.error().message);
    if (delivery.lock_inputs) {
        for (const TxInput& input : made->transaction->inputs())
            unwrap(wallet.lock_unspent(input.prevout, false));
    }
    Psbt psbt = Psbt::of_transaction(made->transaction->data(), 2);
    process(wallet, psbt, {.sign = false});
    if (private_keys) process(wallet, psbt, {.derivations = false});
    result.psbt = psbt.to_base64();
    if (auto complete = finalize_and_extract(psbt))
        result.transaction = make_transaction(std::move(*complete));
    return result;
}

void write_delivered(JsonWriter& out, const Delivered& delivered) {
    out.object([&] {
        if (!delivered.sent) out.field("psbt", delivered.psbt);
        if (delivered.transaction) {
            out.field("txid", (*delivered.transaction)->txid());
            if (!delivered.sent) out.key("hex").hex((*delivered.transaction)->serialize());
        }
        out.field("complete", delivered.transaction.has_value());
    });
}

// ---- send

std::vector<std::string> destinations(const Json& outputs) {
    std::vector<std::string> names;
    const auto add = [&](const Json& object) {
        for (const auto& [name, amount] : object.object()) names.push_back(name);
    };
    if (outputs.is_object()) {
        add(outputs);
    } else {
        for (const Json& item : outputs.array()) add(item);
    }
    return names;
}

void send(Call& call) {
    const Json& options = call.argument(4);
    refuse_outdated(options);
    if (!options.is_null())
        check_members(options, {{"add_inputs", ParameterType::boolean},
                                {"include_unsafe", ParameterType::boolean},
                                {"minconf", ParameterType::number},
                                {"maxconf", ParameterType::number},
                                {"add_to_wallet", ParameterType::boolean},
                                {"change_address", ParameterType::string},
                                {"change_position", ParameterType::number},
                                {"change_type", ParameterType::string},
                                {"fee_rate", ParameterType::amount},
                                {"include_watching", ParameterType::boolean},
                                {"inputs", ParameterType::array},
                                {"locktime", ParameterType::number},
                                {"lock_unspents", ParameterType::boolean},
                                {"psbt", ParameterType::boolean},
                                {"subtract_fee_from_outputs", ParameterType::array},
                                {"max_tx_weight", ParameterType::number},
                                {"conf_target", ParameterType::number},
                                {"estimate_mode", ParameterType::string},
                                {"replaceable", ParameterType::boolean},
                                {"solving_data", ParameterType::object}});
    const auto fee_rate = read_send_rate(call, options);
    const bool replaceable = signals_replacement(call, options);
    const TransactionData data =
        construct_transaction(call.params(), option_member(options, "inputs"), call.argument(0),
                              option_member(options, "locktime"), replaceable, call.argument(5));
    if (data.outputs.empty()) fail(Code::invalid_parameter, "TX must have at least one output");
    SpendRequest request = funding_request(data);
    for (const size_t position : read_fee_payers(
             option_member(options, "subtract_fee_from_outputs"), destinations(call.argument(0))))
        request.recipients[position].subtract_fee = true;
    request.add_inputs = data.inputs.empty();
    read_funding_options(call.params(), funding_options(options), request);
    request.fee_rate = fee_rate;
    request.any_fee_rate = false;
    request.replaceable = replaceable;
    request.sign = true;
    if (default_locktime(options, data)) request.locktime.reset();
    const Delivery delivery = read_delivery(options);
    write_delivered(call.out(), call.ask_wallet([&](Node& node, Wallet& wallet) {
        return deliver(node, wallet, request, delivery);
    }));
}

// ---- sendall

/// The recipients as outputs with amounts; those without have 0. Sets `open` for these.
Json read_recipients(const Json& recipients, std::vector<bool>& open) {
    Json::Array outputs;
    for (const Json& item : recipients.array()) {
        if (item.is_string()) {
            outputs.push_back(Json::object({{item.string(), Json::number("0")}}));
            open.push_back(true);
        } else {
            outputs.push_back(item);
            open.push_back(false);
        }
    }
    if (std::ranges::none_of(open, [](bool each) { return each; }))
        fail(Code::invalid_parameter,
             "Must provide at least one address without a specified amount");
    return Json::array(std::move(outputs));
}

SweepChoice read_sweep_choice(const Json& options) {
    const bool given = !option_member(options, "inputs").is_null();
    const auto has = [&](std::string_view name) { return !option_member(options, name).is_null(); };
    if (given && has("send_max"))
        fail(Code::invalid_parameter, "Cannot combine send_max with specific inputs.");
    if (given && (has("minconf") || has("maxconf")))
        fail(Code::invalid_parameter, "Cannot combine minconf or maxconf with specific inputs.");
    if (given) return SweepChoice::given;
    return option_flag(options, "send_max", false) ? SweepChoice::economical : SweepChoice::all;
}

void sendall(Call& call) {
    const Json& options = call.argument(4);
    refuse_outdated(options);
    if (!options.is_null())
        check_members(options, {{"add_to_wallet", ParameterType::boolean},
                                {"fee_rate", ParameterType::amount},
                                {"include_watching", ParameterType::boolean},
                                {"inputs", ParameterType::array},
                                {"locktime", ParameterType::number},
                                {"lock_unspents", ParameterType::boolean},
                                {"psbt", ParameterType::boolean},
                                {"send_max", ParameterType::boolean},
                                {"minconf", ParameterType::number},
                                {"maxconf", ParameterType::number},
                                {"version", ParameterType::number},
                                {"conf_target", ParameterType::number},
                                {"estimate_mode", ParameterType::string},
                                {"replaceable", ParameterType::boolean},
                                {"solving_data", ParameterType::object}});
    const auto fee_rate = read_send_rate(call, options);
    std::vector<bool> open;
    const Json outputs = read_recipients(call.argument(0), open);
    const bool replaceable = signals_replacement(call, options);
    const TransactionData data = construct_transaction(
        call.params(), option_member(options, "inputs"), outputs,
        option_member(options, "locktime"), replaceable, option_member(options, "version"));
    SpendRequest request = funding_request(data);
    read_depths(options, "Invalid minconf (minconf cannot be negative): {}", request);
    const SweepChoice choice = read_sweep_choice(options);
    for (size_t i = 0; i < open.size(); ++i) request.recipients[i].subtract_fee = open[i];
    request.fee_rate = fee_rate;
    request.replaceable = replaceable;
    if (default_locktime(options, data)) request.locktime.reset();
    const Delivery delivery = read_delivery(options);
    write_delivered(call.out(), call.ask_wallet([&](Node& node, Wallet& wallet) {
        request.sign = wallet.info().private_keys;
        return deliver(node, wallet, unwrap(wallet.plan_sweep(request, choice)), delivery);
    }));
}

constexpr Parameter kTarget{"conf_target", ParameterType::number, false, "",
                            "Confirmation target in blocks"};
constexpr Parameter kMode{"estimate_mode", ParameterType::string, false, "unset",
                          "The fee estimate mode"};
constexpr Parameter kRate{"fee_rate", ParameterType::amount, false, "the wallet's fallback fee",
                          "The fee rate, in sat/vB."};

}  // namespace

std::vector<Method> wallet_send_methods() {
    using enum ParameterType;
    return {
        {.name = "send",
         .category = "wallet",
         .description = "Sends a transaction with these outputs, or returns it as a PSBT if "
                        "signatures are missing or the options say so.",
         .parameters =
             {{"outputs", any, true, "",
               "The outputs: {address: amount} or {\"data\": hex}, each key once",
               R"([{"address":amount,...},{"data":"hex"},...])"},
              kTarget,
              kMode,
              kRate,
              {"options", object, false, "",
               "add_inputs, include_unsafe, minconf, maxconf, add_to_wallet, "
               "change_address, change_position, change_type, fee_rate, inputs, locktime, "
               "lock_unspents, psbt, subtract_fee_from_outputs, max_tx_weight, "
               "conf_target, estimate_mode, replaceable, solving_data",
               "", kSendOptions},
              {"version", number, false, "2", "Transaction version"}},
         .result = "{psbt, txid, hex, complete}    (json object)",
         .example = R"("{\"bc1q09vm5lfy0j5reeulh4x5752q25uqqvz34hufdl\": 0.1}" 6 economical)",
         .handler = &send},
        {.name = "sendall",
         .category = "wallet",
         .description = "Spends all coins of the wallet that are confirmed or its own change, or "
                        "exactly those given as inputs. Recipients without an amount share what is "
                        "left after the others and the fee.",
         .parameters = {{"recipients", array, true, "",
                         "The recipients, at least one of them without an amount",
                         R"(["address",{"address":amount,...},...])"},
                        kTarget,
                        kMode,
                        kRate,
                        {"options", object, false, "",
                         "add_to_wallet, fee_rate, inputs, locktime, lock_unspents, psbt, "
                         "send_max, minconf, maxconf, version, conf_target, estimate_mode, "
                         "replaceable, solving_data",
                         "", kSendAllOptions}},
         .result = "{psbt, txid, hex, complete}    (json object)",
         .example = R"("[\"bc1q09vm5lfy0j5reeulh4x5752q25uqqvz34hufdl\"]")",
         .handler = &sendall},
    };
}

}  // namespace parley::rpc
