// RestPath: the path of a REST request, cut into what it asks for, the format of the answer and the
// query. Untrusted input; fuzzed. A value.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::rpc {

enum class RestFormat : uint8_t { undefined, binary, hex, json };

struct RestPath {
    /// What stands before the format's suffix, without the query: "/rest/headers/<hash>".
    std::string name;
    RestFormat format = RestFormat::undefined;
    /// The first value of each name, percent-decoded.
    std::map<std::string, std::string, std::less<>> query;

    /// `target` as in the request line. Never fails: what has no meaning has no format.
    static RestPath parse(std::string_view target);
    /// The query's value, or `otherwise`.
    std::string value(std::string_view key, std::string_view otherwise) const;
};

std::vector<std::string> split(std::string_view text, char separator);
/// Decimal digits only, no sign. Empty: anything else, or too large.
std::optional<uint64_t> parse_unsigned(std::string_view text);

}  // namespace parley::rpc
