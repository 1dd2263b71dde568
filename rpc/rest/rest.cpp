#include "rpc/rest/rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash256.h"
#include "base/serialize.h"
#include "chain/primitives/amount.h"
#include "rpc/jsonrpc/json_writer.h"
#include "rpc/rest/rest_reply.h"

namespace parley::rpc {

namespace {

/// getblock's verbosity: with the outputs that each input spends.
constexpr int kWithPreviousOutputs = 3;

const std::string kJsonOnly = "output format not found (available: json)";

Json number(uint64_t value) {
    return Json::number(std::to_string(value));
}

/// Of a reply of our own methods, which have what is asked for.
std::string string_of(const std::string& json) {
    const auto parsed = parse_json(json);
    return parsed && parsed->is_string() ? parsed->string() : std::string();
}

/// A transaction output as it is serialized.
void write_output(Writer& writer, const Json& value, const Json& script) {
    const auto amount = parse_amount(value.number());
    const auto bytes = from_hex(text_member(script, "hex"));
    writer.le(amount ? amount->value() : 0).var_bytes(bytes ? *bytes : Bytes{});
}

}  // namespace

// The first prefix that matches counts.
const Rest::Route Rest::kRoutes[] = {
    {"/rest/tx/", &Rest::transaction},
    {"/rest/block/notxdetails/", &Rest::block_without_details},
    {"/rest/block/", &Rest::block},
    {"/rest/blockpart/", &Rest::block_part},
    {"/rest/blockfilterheaders/", &Rest::block_filter_headers},
    {"/rest/blockfilter/", &Rest::block_filter},
    {"/rest/chaininfo", &Rest::chain_info},
    {"/rest/mempool/", &Rest::mempool},
    {"/rest/headers/", &Rest::headers},
    {"/rest/getutxos", &Rest::unspent_outputs},
    {"/rest/deploymentinfo/", &Rest::deployment_info},
    {"/rest/deploymentinfo", &Rest::deployment_info},
    {"/rest/blockhashbyheight/", &Rest::block_hash_by_height},
    {"/rest/spenttxouts/", &Rest::spent_outputs},
};

HttpReply Rest::handle(const HttpRequest& request) const {
    const RestPath path = RestPath::parse(request.path);
    for (const Route& route : kRoutes) {
        if (!path.name.starts_with(route.prefix)) continue;
        const Question question{path, path.name.substr(route.prefix.size()), request.body};
        auto reply = (this->*route.handler)(question);
        if (reply) return std::move(*reply);
        return {reply.error().status, "text/plain", reply.error().text + "\r\n"};
    }
    return {404, "", ""};
}

Expected<std::string, Rest::Refusal> Rest::call(std::string_view method, Json::Array arguments,
                                                const Refusal& if_absent) const {
    auto result = methods_(method, std::move(arguments));
    if (result) return std::move(*result);
    const Error& error = result.error();
    if (error.code == Code::warming_up)
        return Unexpected(Refusal{503, "Service temporarily unavailable: " + error.message});
    if (error.code == Code::address_or_key || error.code == Code::invalid_parameter)
        return Unexpected(if_absent);
    return Unexpected(Refusal{500, error.message});
}

// --- blocks

Expected<std::string, Rest::Refusal> Rest::block_json(const std::string& hash,
                                                      int verbosity) const {
    const auto block =
        call("getblock", {Json::string(hash), number(static_cast<uint64_t>(verbosity))},
             {404, hash + " not found"});
    if (block || block.error().status != 500) return block;
    for (const std::string_view reason : {"(pruned data)", "(not fully downloaded)"}) {
        if (block.error().text.find(reason) != std::string::npos)
            return Unexpected(Refusal{404, fmt::format("{} not available {}", hash, reason)});
    }
    return Unexpected(Refusal{500, "I/O error reading " + hash});
}

Expected<Bytes, Rest::Refusal> Rest::block_bytes(const std::string& hash) const {
    const auto json = block_json(hash, 0);
    if (!json) return Unexpected(json.error());
    auto bytes = from_hex(string_of(*json));
    if (!bytes) return Unexpected(Refusal{500, "I/O error reading " + hash});
    return std::move(*bytes);
}

Rest::Reply Rest::whole_block(const Question& question, int verbosity) const {
    const std::string& hash = question.rest;
    if (!is_hash(hash)) return Unexpected(Refusal{400, "Invalid hash: " + hash});
    if (question.path.format == RestFormat::json) {
        auto json = block_json(hash, verbosity);
        if (!json) return Unexpected(json.error());
        return json_reply(std::move(*json));
    }
    const auto bytes = block_bytes(hash);
    if (!bytes) return Unexpected(bytes.error());
    if (question.path.format == RestFormat::undefined)
        return Unexpected(Refusal{404, std::string(kAnyFormat)});
    return reply_in(question.path.format, *bytes);
}

Rest::Reply Rest::block(const Question& question) const {
    return whole_block(question, kWithPreviousOutputs);
}

Rest::Reply Rest::block_without_details(const Question& question) const {
    constexpr int kTxidsOnly = 1;
    return whole_block(question, kTxidsOnly);
}

Rest::Reply Rest::block_part(const Question& question) const {
    const std::string& hash = question.rest;
    const auto offset = parse_unsigned(question.path.value("offset", ""));
    if (!offset) return Unexpected(Refusal{400, "Block part offset missing or invalid"});
    const auto size = parse_unsigned(question.path.value("size", ""));
    if (!size) return Unexpected(Refusal{400, "Block part size missing or invalid"});
    if (!is_hash(hash)) return Unexpected(Refusal{400, "Invalid hash: " + hash});
    const auto bytes = block_bytes(hash);
    if (!bytes) return Unexpected(bytes.error());
    if (*size == 0 || *offset > bytes->size() || *size > bytes->size() - *offset)
        return Unexpected(Refusal{
            400, fmt::format("Bad block part offset/size {}/{} for {}", *offset, *size, hash)});
    if (question.path.format == RestFormat::json)
        return Unexpected(Refusal{400, "JSON output is not supported for this request type"});
    if (question.path.format == RestFormat::undefined)
        return Unexpected(Refusal{404, std::string(kAnyFormat)});
    const auto start = bytes->begin() + static_cast<std::ptrdiff_t>(*offset);
    return reply_in(question.path.format, Bytes(start, start + static_cast<std::ptrdiff_t>(*size)));
}

Rest::Reply Rest::spent_outputs(const Question& question) const {
    const std::string& hash = question.rest;
    if (split(hash, '/').size() != 1)
        return Unexpected(
            Refusal{400, "Invalid URI format. Expected /rest/spenttxouts/<hash>.<ext>"});
    if (!is_hash(hash)) return Unexpected(Refusal{400, "Invalid hash: " + hash});
    const auto text = block_json(hash, kWithPreviousOutputs);
    if (!text) return Unexpected(text.error());
    const auto block = parse_json(*text);
    const Json* transactions = block ? block->find("tx") : nullptr;
    if (transactions == nullptr) return Unexpected(Refusal{404, hash + " undo not available"});
    Writer writer;
    JsonWriter json;
    writer.compact_size(transactions->array().size());
    json.array([&] {
        for (const Json& transaction : transactions->array()) {
            std::vector<const Json*> spent;
            for (const Json& input : transaction.find("vin")->array()) {
                if (const Json* output = input.find("prevout")) spent.push_back(output);
            }
            writer.compact_size(spent.size());
            json.array([&] {
                for (const Json* output : spent) {
                    write_output(writer, *output->find("value"), *output->find("scriptPubKey"));
                    json.object([&] {
                        json.field("value", *output->find("value"));
                        json.field("scriptPubKey", *output->find("scriptPubKey"));
                    });
                }
            });
        }
    });
    if (question.path.format == RestFormat::undefined)
        return Unexpected(Refusal{404, std::string(kAnyFormat)});
    if (question.path.format == RestFormat::json) return json_reply(json.take());
    return reply_in(question.path.format, writer.data());
}

// --- the chain

Rest::Reply Rest::headers(const Question& question) const {
    const auto parts = split(question.rest, '/');
    if (parts.size() > 2)
        return Unexpected(
            Refusal{400, "Invalid URI format. Expected /rest/headers/<hash>.<ext>?count=<count>"});
    const std::string count_text = parts.size() == 2 ? parts[0] : question.path.value("count", "5");
    const auto count = header_count(count_text);
    if (!count) return Unexpected(Refusal{400, count.error()});
    std::string hash = parts.back();
    if (!is_hash(hash)) return Unexpected(Refusal{400, "Invalid hash: " + hash});
    if (question.path.format == RestFormat::undefined)
        return Unexpected(Refusal{404, std::string(kAnyFormat)});
    Bytes bytes;
    std::string list;
    for (uint64_t i = 0; i < *count && !hash.empty(); ++i) {
        const auto text =
            methods_("getblockheader", Json::Array{Json::string(hash), Json::boolean(true)});
        const auto header = text ? parse_json(*text) : std::nullopt;
        // Unknown, or outside the best chain.
        if (!header || header->find("confirmations")->number() == "-1") break;
        if (question.path.format == RestFormat::json) {
            list += (list.empty() ? "" : ",") + *text;
        } else {
            const auto raw =
                methods_("getblockheader", Json::Array{Json::string(hash), Json::boolean(false)});
            const auto header_bytes = raw ? from_hex(string_of(*raw)) : std::nullopt;
            if (!header_bytes) break;
            append(bytes, *header_bytes);
        }
        hash = text_member(*header, "nextblockhash");
    }
    if (question.path.format == RestFormat::json) return json_reply("[" + list + "]");
    return reply_in(question.path.format, bytes);
}

Rest::Reply Rest::block_hash_by_height(const Question& question) const {
    constexpr uint64_t kHeightMax = INT32_MAX;
    const auto height = parse_unsigned(question.rest);
    if (!height || *height > kHeightMax)
        return Unexpected(Refusal{400, "Invalid height: " + question.rest});
    const auto json = call("getblockhash", {number(*height)}, {404, "Block height out of range"});
    if (!json) return Unexpected(json.error());
    const std::string text = string_of(*json);
    switch (question.path.format) {
        case RestFormat::binary: {
            const auto hash = Hash256::from_string(text);
            return bytes_reply(to_bytes(hash->span()));
        }
        case RestFormat::hex:
            return text_reply(text);
        case RestFormat::json: {
            JsonWriter writer;
            writer.object([&] { writer.field("blockhash", text); });
            return json_reply(writer.take());
        }
        case RestFormat::undefined:
            break;
    }
    return Unexpected(Refusal{404, std::string(kAnyFormat)});
}

Rest::Reply Rest::chain_info(const Question& question) const {
    if (question.path.format != RestFormat::json) return Unexpected(Refusal{404, kJsonOnly});
    auto json = call("getblockchaininfo", {}, {});
    if (!json) return Unexpected(json.error());
    return json_reply(std::move(*json));
}

Rest::Reply Rest::deployment_info(const Question& question) const {
    if (question.path.format != RestFormat::json) return Unexpected(Refusal{404, kJsonOnly});
    Json::Array arguments;
    if (!question.rest.empty()) {
        if (!is_hash(question.rest))
            return Unexpected(Refusal{400, "Invalid hash: " + question.rest});
        arguments.push_back(Json::string(question.rest));
    }
    auto json = call("getdeploymentinfo", std::move(arguments), {400, "Block not found"});
    if (!json) return Unexpected(json.error());
    return json_reply(std::move(*json));
}

// --- transactions

Rest::Reply Rest::mempool(const Question& question) const {
    const bool contents = question.rest == "contents";
    if (!contents && question.rest != "info")
        return Unexpected(
            Refusal{400, "Invalid URI format. Expected /rest/mempool/<info|contents>.json"});
    if (question.path.format != RestFormat::json) return Unexpected(Refusal{404, kJsonOnly});
    Json::Array arguments;
    if (contents) {
        for (const auto& [name, otherwise] :
             {std::pair{"verbose", "true"}, {"mempool_sequence", "false"}}) {
            const std::string value = question.path.value(name, otherwise);
            if (value != "true" && value != "false")
                return Unexpected(Refusal{
                    400, fmt::format("The \"{}\" query parameter must be either \"true\" or "
                                     "\"false\".",
                                     name)});
            arguments.push_back(Json::boolean(value == "true"));
        }
        if (arguments[0].boolean() && arguments[1].boolean())
            return Unexpected(
                Refusal{400,
                        "Verbose results cannot contain mempool sequence values. (hint: set "
                        "\"verbose=false\")"});
    }
    auto json = call(contents ? "getrawmempool" : "getmempoolinfo", std::move(arguments), {});
    if (!json) return Unexpected(json.error());
    return json_reply(std::move(*json));
}

Rest::Reply Rest::transaction(const Question& question) const {
    const std::string& txid = question.rest;
    if (!is_hash(txid)) return Unexpected(Refusal{400, "Invalid hash: " + txid});
    const bool as_json = question.path.format == RestFormat::json;
    const auto json = call("getrawtransaction", {Json::string(txid), number(as_json ? 1 : 0)},
                           {404, txid + " not found"});
    if (!json) return Unexpected(json.error());
    if (question.path.format == RestFormat::undefined)
        return Unexpected(Refusal{404, std::string(kAnyFormat)});
    if (!as_json) {
        const auto bytes = from_hex(string_of(*json));
        return reply_in(question.path.format, bytes ? *bytes : Bytes{});
    }
    // What changes while the block stays the same is not part of the answer.
    const auto object = parse_json(*json);
    JsonWriter writer;
    writer.object([&] {
        for (const auto& [name, value] : object->object()) {
            if (name != "confirmations" && name != "time" && name != "blocktime")
                writer.field(name, value);
        }
    });
    return json_reply(writer.take());
}

}  // namespace parley::rpc
