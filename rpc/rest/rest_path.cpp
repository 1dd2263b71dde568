#include "rpc/rest/rest_path.h"

#include <charconv>

namespace parley::rpc {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// A percent sign without two digits stands for itself.
std::string decoded(std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0) {
            result += static_cast<char>(16 * high + low);
            i += 2;
        } else {
            result += text[i] == '+' ? ' ' : text[i];
        }
    }
    return result;
}

RestFormat format_named(std::string_view suffix) {
    if (suffix == "bin") return RestFormat::binary;
    if (suffix == "hex") return RestFormat::hex;
    if (suffix == "json") return RestFormat::json;
    return RestFormat::undefined;
}

}  // namespace

RestPath RestPath::parse(std::string_view target) {
    RestPath path;
    const auto question = target.find('?');
    path.name = std::string(target.substr(0, question));
    if (const auto dot = path.name.rfind('.'); dot != std::string::npos) {
        path.format = format_named(std::string_view{path.name}.substr(dot + 1));
        if (path.format != RestFormat::undefined) path.name.resize(dot);
    }
    if (question == std::string_view::npos) return path;
    for (const std::string& pair : split(target.substr(question + 1), '&')) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos) continue;
        path.query.emplace(decoded(std::string_view{pair}.substr(0, equals)),
                           decoded(std::string_view{pair}.substr(equals + 1)));
    }
    return path;
}

std::string RestPath::value(std::string_view key, std::string_view otherwise) const {
    const auto found = query.find(key);
    return found == query.end() ? std::string(otherwise) : found->second;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<uint64_t> parse_unsigned(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
    return whole ? std::optional{value} : std::nullopt;
}

}  // namespace parley::rpc
