// Replies of the REST interface in its three formats. Included by rest*.cpp only.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "rpc/jsonrpc/dispatcher.h"
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

}  // namespace parley::rpc
