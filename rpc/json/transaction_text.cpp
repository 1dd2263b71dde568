#include "rpc/json/transaction_text.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "chain/primitives/address.h"
#include "chain/script/sighash.h"

namespace parley::rpc {

namespace {

constexpr uint32_t kSequenceReplaceable =
    0xfffffffd;  // BIP125: the highest value that signals replaceability
constexpr uint32_t kSequenceLocktime =
    0xfffffffe;  // the highest value that leaves locktime enabled

std::optional<TransactionData> decode(ByteSpan bytes, WitnessEncoding encoding) {
    Reader reader{bytes};
    TransactionData data = read_transaction(reader, encoding);
    if (!reader.done()) return std::nullopt;
    return data;
}

TxInput read_input(const Json& json, uint32_t default_sequence) {
    TxInput input;
    input.prevout = read_outpoint(json);
    input.sequence = default_sequence;
    if (const Json* sequence = json.find("sequence"); sequence && sequence->is_number()) {
        const int64_t value = read_integer(*sequence, INT64_MIN, INT64_MAX);
        if (value < 0 || value > TxInput::kSequenceFinal)
            fail(Code::invalid_parameter, "Invalid parameter, sequence number is out of range");
        input.sequence = static_cast<uint32_t>(value);
    }
    return input;
}

TxOutput read_output(const ChainParams& params, const Json::Member& member) {
    const auto& [key, value] = member;
    if (key == "data") {
        return {Amount{0}, ScriptBuilder{}.op(OP_RETURN).push(read_hex(value, "Data")).build()};
    }
    const Amount amount = read_amount(value);
    return {amount, read_address(params, key)};
}

/// Flattens the array to one list of members, in order.
std::vector<const Json::Member*> output_members(const Json& outputs) {
    std::vector<const Json::Member*> members;
    if (outputs.is_null())
        fail(Code::invalid_parameter, "Invalid parameter, output argument must be non-null");
    if (outputs.is_object()) {
        for (const Json::Member& member : outputs.object()) members.push_back(&member);
        return members;
    }
    for (const Json& item : read_array(outputs)) {
        if (!item.is_object())
            fail(Code::invalid_parameter,
                 "Invalid parameter, key-value pair not an object as expected");
        if (item.object().size() != 1)
            fail(Code::invalid_parameter,
                 "Invalid parameter, key-value pair must contain exactly one key");
        members.push_back(&item.object().front());
    }
    return members;
}

}  // namespace

std::optional<TransactionData> decode_transaction_hex(std::string_view hex, WitnessGuess guess) {
    const auto bytes = from_hex(hex);
    if (!bytes) return std::nullopt;
    if (guess != WitnessGuess::without) {
        if (auto data = decode(*bytes, WitnessEncoding::with)) return data;
    }
    if (guess == WitnessGuess::with) return std::nullopt;
    return decode(*bytes, WitnessEncoding::without);
}

TransactionData read_raw_transaction(const Json& json) {
    auto data = decode_transaction_hex(read_string(json));
    if (!data)
        fail(Code::deserialization, "TX decode failed. Make sure the tx has at least one input.");
    return std::move(*data);
}

BlockRef read_raw_block(const Json& json) {
    const auto bytes = from_hex(read_string(json));
    if (bytes) {
        Reader reader{*bytes};
        Block block = read_block(reader);
        // As in bitcoind, bytes behind the block do not matter.
        if (reader.ok()) return std::make_shared<const Block>(std::move(block));
    }
    fail(Code::deserialization, "Block decode failed");
}

OutPoint read_outpoint(const Json& json) {
    read_object(json);
    const Json* hash = json.find("txid");
    const Json* vout = json.find("vout");
    if (!hash || !hash->is_string())
        fail(Code::type, fmt::format("JSON value of type {} is not of expected type string",
                                     type_name(hash ? hash->type() : Json::Type::null)));
    const Txid txid = read_txid(*hash, "txid");
    if (!vout || !vout->is_number())
        fail(Code::invalid_parameter, "Invalid parameter, missing vout key");
    const int64_t index = read_integer(*vout);
    if (index < 0) fail(Code::invalid_parameter, "Invalid parameter, vout cannot be negative");
    return {txid, static_cast<uint32_t>(index)};
}

Script read_address(const ChainParams& params, std::string_view address) {
    const auto script = decode_address(params.address_prefixes, address);
    if (!script) fail(Code::address_or_key, fmt::format("Invalid Bitcoin address: {}", address));
    return *script;
}

std::vector<TxOutput> read_outputs(const ChainParams& params, const Json& outputs) {
    std::vector<TxOutput> result;
    std::set<Script> seen;
    bool data_seen = false;
    for (const Json::Member* member : output_members(outputs)) {
        TxOutput output = read_output(params, *member);
        if (member->first == "data") {
            if (data_seen) fail(Code::invalid_parameter, "Invalid parameter, duplicate key: data");
            data_seen = true;
        } else if (!seen.insert(output.script_pubkey).second) {
            fail(Code::invalid_parameter,
                 fmt::format("Invalid parameter, duplicated address: {}", member->first));
        }
        result.push_back(std::move(output));
    }
    return result;
}

TransactionData construct_transaction(const ChainParams& params, const Json& inputs,
                                      const Json& outputs, const Json& locktime,
                                      std::optional<bool> replaceable, const Json& version) {
    TransactionData data;
    if (!locktime.is_null()) {
        const int64_t value = read_integer(locktime, INT64_MIN, INT64_MAX);
        if (value < 0 || value > UINT32_MAX)
            fail(Code::invalid_parameter, "Invalid parameter, locktime out of range");
        data.locktime = static_cast<uint32_t>(value);
    }
    if (!version.is_null()) {
        constexpr int64_t kVersionMax = 3;  // the highest version that relay policy accepts
        const int64_t value = read_integer(version, INT64_MIN, INT64_MAX);
        if (value < 1 || value > kVersionMax)
            fail(Code::invalid_parameter,
                 fmt::format("Invalid parameter, version out of range(1~{})", kVersionMax));
        data.version = static_cast<int32_t>(value);
    }
    const uint32_t sequence = replaceable.value_or(true) ? kSequenceReplaceable
                              : data.locktime != 0       ? kSequenceLocktime
                                                         : TxInput::kSequenceFinal;
    bool signals = false;
    if (!inputs.is_null()) {
        for (const Json& item : read_array(inputs)) {
            data.inputs.push_back(read_input(item, sequence));
            signals |= data.inputs.back().sequence <= kSequenceReplaceable;
        }
    }
    if (replaceable == true && !data.inputs.empty() && !signals)
        fail(Code::invalid_parameter,
             "Invalid parameter combination: Sequence number(s) contradict replaceable option");
    data.outputs = read_outputs(params, outputs);
    return data;
}

TransactionData construct_transaction(const Call& call) {
    const auto replaceable = call.has(3) ? std::optional{call.boolean(3)} : std::nullopt;
    return construct_transaction(call.params(), call.argument(0), call.argument(1),
                                 call.argument(2), replaceable, call.argument(4));
}

Parameter outputs_parameter() {
    return {"outputs",
            ParameterType::any,
            true,
            "",
            "The outputs specified as key-value pairs, each key once",
            R"([{"address":amount,...},{"data":"hex"},...])"};
}

std::vector<Parameter> transaction_parameters() {
    using enum ParameterType;
    return {
        {"inputs", array, true, "", "The inputs", R"([{"txid":"hex","vout":n,"sequence":n},...])"},
        outputs_parameter(),
        {"locktime", number, false, "0",
         "Raw locktime. Non-0 value also locktime-activates inputs"},
        {"replaceable", boolean, false, "true", "Marks this transaction as BIP125-replaceable."},
        {"version", number, false, "2", "Transaction version"}};
}

uint8_t read_sighash_type(const Json& json) {
    if (json.is_null()) return kSighashDefault;
    constexpr std::array<std::pair<std::string_view, uint8_t>, 7> kTypes{
        {{"DEFAULT", kSighashDefault},
         {"ALL", kSighashAll},
         {"ALL|ANYONECANPAY", kSighashAll | kSighashAnyoneCanPay},
         {"NONE", kSighashNone},
         {"NONE|ANYONECANPAY", kSighashNone | kSighashAnyoneCanPay},
         {"SINGLE", kSighashSingle},
         {"SINGLE|ANYONECANPAY", kSighashSingle | kSighashAnyoneCanPay}}};
    const std::string& text = read_string(json);
    for (const auto& [name, type] : kTypes) {
        if (name == text) return type;
    }
    fail(Code::invalid_parameter, fmt::format("'{}' is not a valid sighash parameter.", text));
}

}  // namespace parley::rpc
