#include "rpc/jsonrpc/json_writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace parley::rpc {

namespace {

bool needs_escape(char character) {
    const auto code = static_cast<unsigned char>(character);
    return code < 0x20 || code == 0x7f || character == '"' || character == '\\';
}

void append_escaped(std::string& target, char character) {
    switch (character) {
        case '"':
            target += "\\\"";
            break;
        case '\\':
            target += "\\\\";
            break;
        case '\b':
            target += "\\b";
            break;
        case '\f':
            target += "\\f";
            break;
        case '\n':
            target += "\\n";
            break;
        case '\r':
            target += "\\r";
            break;
        case '\t':
            target += "\\t";
            break;
        default:
            fmt::format_to(std::back_inserter(target), "\\u{:04x}",
                           static_cast<unsigned char>(character));
    }
}

void append_quoted(std::string& target, std::string_view text) {
    target += '"';
    while (!text.empty()) {
        const auto plain = static_cast<size_t>(
            std::find_if(text.begin(), text.end(), needs_escape) - text.begin());
        target += text.substr(0, plain);
        if (plain == text.size()) break;
        append_escaped(target, text[plain]);
        text.remove_prefix(plain + 1);
    }
    target += '"';
}

void append_indented(std::string& target, const Json& json, int indent, int level) {
    const auto new_line = [&](int depth) {
        target += '\n';
        target.append(static_cast<size_t>(depth * indent), ' ');
    };
    if (json.is_object()) {
        target += '{';
        bool first = true;
        for (const auto& [name, content] : json.object()) {
            if (!first) target += ',';
            first = false;
            new_line(level + 1);
            append_quoted(target, name);
            target += ": ";
            append_indented(target, content, indent, level + 1);
        }
        new_line(level);
        target += '}';
    } else if (json.is_array()) {
        target += '[';
        bool first = true;
        for (const Json& item : json.array()) {
            if (!first) target += ',';
            first = false;
            new_line(level + 1);
            append_indented(target, item, indent, level + 1);
        }
        new_line(level);
        target += ']';
    } else {
        JsonWriter writer;
        writer.value(json);
        target += writer.text();
    }
}

}  // namespace

void JsonWriter::separate() {
    if (!first_) text_ += ',';
    first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    append_quoted(text_, name);
    text_ += ':';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    append_quoted(text_, text);
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    return raw(fmt::format("{:.16g}", number));
}

JsonWriter& JsonWriter::value(const Json& json) {
    switch (json.type()) {
        case Json::Type::null:
            return null();
        case Json::Type::boolean:
            return value(json.boolean());
        case Json::Type::number:
            return raw(json.number());
        case Json::Type::string:
            return value(json.string());
        case Json::Type::array:
            return array([&] {
                for (const Json& item : json.array()) value(item);
            });
        case Json::Type::object:
            return object([&] {
                for (const auto& [name, content] : json.object()) field(name, content);
            });
    }
    return *this;
}

std::string json_quote(std::string_view text) {
    std::string result;
    append_quoted(result, text);
    return result;
}

std::string json_indented(const Json& json, int indent) {
    std::string result;
    append_indented(result, json, indent, 0);
    return result;
}

}  // namespace parley::rpc
