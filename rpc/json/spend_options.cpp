#include "rpc/json/spend_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "chain/primitives/address.h"
#include "rpc/json/transaction_text.h"

namespace parley::rpc {

namespace {

// The most that is relayed, and the least that an input weighs: bitcoind's bounds for what a caller
// may state.
constexpr int64_t kTransactionWeightMax = 400'000;
constexpr int64_t kTransactionWeightMin = 260;
constexpr int64_t kInputWeightMin = 165;

/// A fee rate in satoshi a virtual byte, with at most three decimals.
FeeRate read_rate_per_byte(const Json& json) {
    // As if it were coins: a satoshi a kvB is then 10^5 of the smallest unit.
    constexpr int64_t kUnit = 100'000;
    const Amount rate = read_amount(json);
    if (rate.value() % kUnit != 0) fail(Code::type, "Invalid amount");
    return FeeRate{rate.value() / kUnit};
}

std::optional<FeeRate> read_funding_rate(const Json& options) {
    const Json& coins_per_kvb = option_member(options, "feeRate");
    const Json& conf_target = option_member(options, "conf_target");
    const Json& estimate_mode = option_member(options, "estimate_mode");
    const Json& fee_rate = option_member(options, "fee_rate");
    if (coins_per_kvb.is_null()) return read_fee_choice(conf_target, estimate_mode, fee_rate);
    if (!fee_rate.is_null())
        fail(Code::invalid_parameter,
             "Cannot specify both fee_rate (sat/vB) and feeRate (BTC/kvB)");
    if (!conf_target.is_null())
        fail(Code::invalid_parameter,
             "Cannot specify both conf_target and feeRate. Please provide either a confirmation "
             "target in blocks for automatic fee estimation, or an explicit fee rate.");
    if (!estimate_mode.is_null())
        fail(Code::invalid_parameter, "Cannot specify both estimate_mode and feeRate");
    return FeeRate{read_fee_rate(coins_per_kvb).value()};
}

void read_change(const ChainParams& params, const Json& options, SpendRequest& request) {
    const Json& type = option_member(options, "change_type");
    if (const Json& value = option_member(options, "changeAddress"); !value.is_null()) {
        const auto script = decode_address(params.address_prefixes, value.string());
        if (!script) fail(Code::address_or_key, "Change address must be a valid bitcoin address");
        if (!type.is_null())
            fail(Code::invalid_parameter,
                 "Cannot specify both change address and address type options");
        request.change_script = *script;
    }
    if (!type.is_null()) request.change_type = read_address_type(type.string(), "change");
    if (const Json& value = option_member(options, "changePosition"); !value.is_null()) {
        const int64_t position = read_integer(value);
        // -1: at a random place.
        if (position < -1 || position > static_cast<int64_t>(request.recipients.size()))
            fail(Code::invalid_parameter, "changePosition out of bounds");
        if (position >= 0) request.change_position = static_cast<size_t>(position);
    }
}

void read_weights(const Json& options, SpendRequest& request) {
    if (const Json& value = option_member(options, "max_tx_weight"); !value.is_null()) {
        const int64_t weight = read_integer(value);
        if (weight < kTransactionWeightMin || weight > kTransactionWeightMax)
            fail(Code::wallet, fmt::format("Maximum transaction weight must be between {} and {}",
                                           kTransactionWeightMin, kTransactionWeightMax));
        request.weight_max = weight;
    }
    const Json& list = option_member(options, "input_weights");
    if (list.is_null()) return;
    for (const Json& item : list.array()) {
        const OutPoint outpoint = read_outpoint(item);
        const Json* weight = item.find("weight");
        if (weight == nullptr || !weight->is_number())
            fail(Code::invalid_parameter, "Invalid parameter, missing weight key");
        const int64_t value = read_integer(*weight, INT64_MIN, INT64_MAX);
        if (value < kInputWeightMin)
            fail(Code::invalid_parameter,
                 "Invalid parameter, weight cannot be less than 165 (41 bytes (size of outpoint + "
                 "sequence + empty scriptSig) * 4 (WITNESS_SCALING_FACTOR)) + 1 (empty witness)");
        if (value > kTransactionWeightMax)
            fail(
                Code::invalid_parameter,
                fmt::format("Invalid parameter, weight cannot be greater than the maximum standard "
                            "tx weight of {}",
                            kTransactionWeightMax));
        request.input_weights[outpoint] = value;
    }
}

/// Keys and scripts of inputs that are not the wallet's, which this wallet never spends: the forms
/// are checked, and the rest has no use.
void check_solving_data(const Json& data) {
    if (data.is_null()) return;
    check_members(data, {{"pubkeys", ParameterType::array},
                         {"scripts", ParameterType::array},
                         {"descriptors", ParameterType::array}});
    for (const char* name : {"pubkeys", "scripts"}) {
        const Json& list = option_member(data, name);
        if (list.is_null()) continue;
        for (const Json& item : list.array()) {
            if (!from_hex(read_string(item)))
                fail(Code::address_or_key, fmt::format("'{}' is not hex", item.string()));
        }
    }
}

}  // namespace

const Json& option_member(const Json& options, std::string_view name) {
    static const Json kNull;
    const Json* found = options.is_object() ? options.find(name) : nullptr;
    return found ? *found : kNull;
}

bool option_flag(const Json& options, std::string_view name, bool otherwise) {
    const Json& value = option_member(options, name);
    return value.is_null() ? otherwise : value.boolean();
}

void check_estimate_mode(const std::string& mode) {
    std::string lower = mode;
    for (char& character : lower) {
        if (character >= 'A' && character <= 'Z')
            character = static_cast<char>(character - 'A' + 'a');
    }
    if (lower != "unset" && lower != "economical" && lower != "conservative")
        fail(Code::invalid_parameter,
             "Invalid estimate_mode parameter, must be one of: \"unset\", "
             "\"economical\", \"conservative\"");
}

void check_conf_target(int64_t target) {
    constexpr int64_t kTargetMax = 1'008;
    if (target < 1 || target > kTargetMax)
        fail(Code::invalid_parameter,
             fmt::format("Invalid conf_target, must be between 1 and {}", kTargetMax));
}

std::optional<FeeRate> read_fee_choice(const Json& conf_target, const Json& estimate_mode,
                                       const Json& fee_rate) {
    if (!fee_rate.is_null()) {
        if (!conf_target.is_null())
            fail(Code::invalid_parameter,
                 "Cannot specify both conf_target and fee_rate. Please provide either a "
                 "confirmation target in blocks for automatic fee estimation, or an explicit fee "
                 "rate.");
        if (!estimate_mode.is_null() && read_string(estimate_mode) != "unset")
            fail(Code::invalid_parameter, "Cannot specify both estimate_mode and fee_rate");
        return read_rate_per_byte(fee_rate);
    }
    if (!estimate_mode.is_null()) check_estimate_mode(read_string(estimate_mode));
    if (!conf_target.is_null()) check_conf_target(read_integer(conf_target));
    return std::nullopt;
}

std::set<size_t> read_fee_payers(const Json& list, const std::vector<std::string>& destinations) {
    std::set<size_t> positions;
    if (list.is_null()) return positions;
    const auto refuse = [](std::string_view problem) {
        fail(Code::invalid_parameter,
             fmt::format("Invalid parameter 'subtract fee from output', {}", problem));
    };
    for (const Json& item : read_array(list)) {
        int64_t position = 0;
        if (item.is_string()) {
            const auto found = std::ranges::find(destinations, item.string());
            if (found == destinations.end())
                refuse(fmt::format("destination {} not found in tx outputs", item.string()));
            position = found - destinations.begin();
        } else if (item.is_number()) {
            position = read_integer(item);
        } else {
            refuse(fmt::format("invalid value type: {}", type_name(item.type())));
        }
        if (position < 0) refuse(fmt::format("negative position: {}", position));
        if (position >= static_cast<int64_t>(destinations.size()))
            refuse(fmt::format("position too large: {}", position));
        if (!positions.insert(static_cast<size_t>(position)).second)
            refuse(fmt::format("duplicated position: {}", position));
    }
    return positions;
}

AddressType read_address_type(const std::string& type, std::string_view kind) {
    if (type == "bech32") return AddressType::bech32;
    if (type == "legacy") return AddressType::legacy;
    if (type == "bech32m" || type == "p2sh-segwit")
        fail(Code::wallet,
             fmt::format("Error: No {} addresses available. Use address_type bech32 or legacy.",
                         type));
    fail(Code::address_or_key, fmt::format("Unknown {} type '{}'", kind, type));
}

void read_depths(const Json& options, std::string_view negative, SpendRequest& request) {
    const Json& min = option_member(options, "minconf");
    const Json& max = option_member(options, "maxconf");
    if (!min.is_null()) {
        const int64_t depth = read_integer(min);
        if (depth < 0) fail(Code::invalid_parameter, fmt::format(fmt::runtime(negative), depth));
        request.confirmations_min = static_cast<int32_t>(depth);
    }
    if (max.is_null()) return;
    const int64_t depth = read_integer(max);
    if (depth < request.confirmations_min)
        fail(Code::invalid_parameter, fmt::format("maxconf can't be lower than minconf: {} < {}",
                                                  depth, request.confirmations_min));
    request.confirmations_max = static_cast<int32_t>(depth);
}

void read_funding_options(const ChainParams& params, const Json& options, SpendRequest& request) {
    if (options.is_null()) return;
    check_members(options, {{"add_inputs", ParameterType::boolean},
                            {"include_unsafe", ParameterType::boolean},
                            {"minconf", ParameterType::number},
                            {"maxconf", ParameterType::number},
                            {"changeAddress", ParameterType::string},
                            {"changePosition", ParameterType::number},
                            {"change_type", ParameterType::string},
                            {"lockUnspents", ParameterType::boolean},
                            {"fee_rate", ParameterType::amount},
                            {"feeRate", ParameterType::amount},
                            {"subtractFeeFromOutputs", ParameterType::array},
                            {"conf_target", ParameterType::number},
                            {"estimate_mode", ParameterType::string},
                            {"replaceable", ParameterType::boolean},
                            {"includeWatching", ParameterType::boolean},
                            {"solving_data", ParameterType::object},
                            {"input_weights", ParameterType::array},
                            {"max_tx_weight", ParameterType::number}});
    request.add_inputs = option_flag(options, "add_inputs", request.add_inputs);
    request.include_unsafe = option_flag(options, "include_unsafe", false);
    read_change(params, options, request);
    read_depths(options, "Negative minconf", request);
    check_solving_data(option_member(options, "solving_data"));
    read_weights(options, request);
    request.fee_rate = read_funding_rate(options);
    request.any_fee_rate = true;  // who funds by hand may send by hand, too
    // Outputs of a raw transaction have positions only.
    const std::vector<std::string> unnamed(request.recipients.size());
    for (const size_t position :
         read_fee_payers(option_member(options, "subtractFeeFromOutputs"), unnamed))
        request.recipients[position].subtract_fee = true;
}

BumpRequest read_bump_options(const ChainParams& params, const Json& options) {
    BumpRequest request;
    if (options.is_null()) return request;
    check_members(options, {{"conf_target", ParameterType::number},
                            {"fee_rate", ParameterType::amount},
                            {"replaceable", ParameterType::boolean},
                            {"estimate_mode", ParameterType::string},
                            {"outputs", ParameterType::array},
                            {"original_change_index", ParameterType::number},
                            {"psbt_version", ParameterType::number}});
    const Json& outputs = option_member(options, "outputs");
    const Json& change = option_member(options, "original_change_index");
    if (!outputs.is_null() && !change.is_null())
        fail(Code::invalid_parameter,
             "The options 'outputs' and 'original_change_index' are incompatible. You can only "
             "either specify a new set of outputs, or designate a change output to be recycled.");
    request.replaceable = option_flag(options, "replaceable", true);
    request.fee_rate = read_fee_choice(option_member(options, "conf_target"),
                                       option_member(options, "estimate_mode"),
                                       option_member(options, "fee_rate"));
    if (!outputs.is_null()) {
        if (outputs.array().empty())
            fail(Code::invalid_parameter,
                 "Invalid parameter, output argument cannot be an empty array");
        request.outputs = read_outputs(params, outputs);
    }
    if (!change.is_null()) {
        const int64_t position = read_integer(change);
        if (position < 0 || position > UINT32_MAX)
            fail(Code::invalid_parameter, "Change position is out of range");
        request.change_position = static_cast<size_t>(position);
    }
    return request;
}

}  // namespace parley::rpc
