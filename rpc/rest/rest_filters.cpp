// REST: compact block filters and their headers (BIP157).
#include "base/serialize.h"
#include "rpc/rest/rest.h"
#include "rpc/rest/rest_reply.h"

namespace parley::rpc {

namespace {

constexpr uint8_t kBasicType = 0;  // BIP158

/// A header's text in JSON has the order of a hash.
Bytes in_message_order(Bytes bytes) {
    std::reverse(bytes.begin(), bytes.end());
    return bytes;
}

}  // namespace

Expected<Rest::Filter, Rest::Refusal> Rest::find_filter(const std::string& type,
                                                        const std::string& hash) const {
    const auto result =
        methods_("getblockfilter", Json::Array{Json::string(hash), Json::string(type)});
    if (!result) {
        const Error& error = result.error();
        if (error.message == "Unknown filtertype")
            return Unexpected(Refusal{400, "Unknown filtertype " + type});
        if (error.message.starts_with("Index is not enabled"))
            return Unexpected(Refusal{400, error.message});
        if (error.message == "Block not found")
            return Unexpected(Refusal{404, hash + " not found"});
        if (error.code == Code::warming_up)
            return Unexpected(Refusal{503, "Service temporarily unavailable: " + error.message});
        return Unexpected(Refusal{404, error.message});
    }
    const auto json = parse_json(*result);
    const auto filter = json ? from_hex(text_member(*json, "filter")) : std::nullopt;
    const auto header = json ? from_hex(text_member(*json, "header")) : std::nullopt;
    if (!filter || !header) return Unexpected(Refusal{500, "Unexpected reply of getblockfilter"});
    return Filter{*filter, in_message_order(*header)};
}

Rest::Reply Rest::block_filter(const Question& question) const {
    const auto parts = split(question.rest, '/');
    if (parts.size() != 2)
        return Unexpected(Refusal{
            400, "Invalid URI format. Expected /rest/blockfilter/<filtertype>/<blockhash>"});
    if (!is_hash(parts[1])) return Unexpected(Refusal{400, "Invalid hash: " + parts[1]});
    const auto found = find_filter(parts[0], parts[1]);
    if (!found) return Unexpected(found.error());
    if (question.path.format == RestFormat::json)
        return json_reply("{\"filter\":\"" + to_hex(found->filter) + "\"}");
    if (question.path.format == RestFormat::undefined)
        return Unexpected(Refusal{404, std::string(kAnyFormat)});
    Writer writer;
    writer.u8(kBasicType).hash(*Hash256::from_string(parts[1])).var_bytes(found->filter);
    return reply_in(question.path.format, writer.take());
}

Rest::Reply Rest::block_filter_headers(const Question& question) const {
    const auto parts = split(question.rest, '/');
    if (parts.size() != 2 && parts.size() != 3)
        return Unexpected(Refusal{400,
                                  "Invalid URI format. Expected "
                                  "/rest/blockfilterheaders/<filtertype>/<blockhash>.<ext>?count="
                                  "<count>"});
    const auto count =
        header_count(parts.size() == 3 ? parts[1] : question.path.value("count", "5"));
    if (!count) return Unexpected(Refusal{400, count.error()});
    std::string hash = parts.back();
    if (!is_hash(hash)) return Unexpected(Refusal{400, "Invalid hash: " + hash});
    Bytes bytes;
    std::string list;
    for (uint64_t i = 0; i < *count && !hash.empty(); ++i) {
        const auto text =
            methods_("getblockheader", Json::Array{Json::string(hash), Json::boolean(true)});
        const auto block = text ? parse_json(*text) : std::nullopt;
        const bool stale = block && block->find("confirmations")->number() == "-1";
        if (i > 0 && (!block || stale)) break;
        const auto found = find_filter(parts[0], hash);
        if (!found) return Unexpected(found.error());
        if (stale) break;
        append(bytes, found->header);
        list += (list.empty() ? "\"" : ",\"") + to_hex(in_message_order(found->header)) + "\"";
        hash = text_member(*block, "nextblockhash");
    }
    if (question.path.format == RestFormat::json) return json_reply("[" + list + "]");
    if (question.path.format == RestFormat::undefined)
        return Unexpected(Refusal{404, std::string(kAnyFormat)});
    return reply_in(question.path.format, bytes);
}

}  // namespace parley::rpc
