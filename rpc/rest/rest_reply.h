// Replies of the REST interface in its three formats. Included by rest*.cpp only.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/hash256.h"
#include "rpc/jsonrpc/dispatcher.h"
#include "rpc/jsonrpc/json.h"
#include "rpc/rest/rest_path.h"

namespace parley::rpc {

inline constexpr std::string_view kAnyFormat =
    "output format not found (available: .bin, .hex, .json)";

inline HttpReply bytes_reply(const Bytes& bytes) {
    return {200, "application/octet-stream", std::string(bytes.begin(), bytes.end())};
}
inline HttpReply text_reply(std::string text) {
    return {200, "text/plain", std::move(text) + "\n"};
}
inline HttpReply json_reply(std::string json) {
    return {200, "application/json", std::move(json) + "\n"};
}
/// The same bytes in either format. REQUIRES: the format is binary or hex.
inline HttpReply reply_in(RestFormat format, const Bytes& bytes) {
    return format == RestFormat::binary ? bytes_reply(bytes) : text_reply(to_hex(bytes));
}

inline bool is_hash(std::string_view text) {
    const auto is_digit = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    return text.size() == 2 * Hash256::kSize && std::all_of(text.begin(), text.end(), is_digit);
}

inline std::string text_member(const Json& object, std::string_view name) {
    const Json* member = object.find(name);
    return member != nullptr && member->is_string() ? member->string() : std::string();
}

/// bitcoind's MAX_REST_HEADERS_RESULTS.
inline constexpr uint64_t kHeadersMax = 2'000;

/// Of `count` in a request for headers. The error is bitcoind's sentence.
inline Expected<uint64_t, std::string> header_count(const std::string& text) {
    const auto count = parse_unsigned(text);
    if (count && *count >= 1 && *count <= kHeadersMax) return *count;
    return Unexpected(fmt::format("Header count is invalid or out of acceptable range (1-{}): {}",
                                  kHeadersMax, text));
}

}  // namespace parley::rpc
