#include "rpc/jsonrpc/json.h"

#include <simdjson.h>

#include <algorithm>

namespace parley::rpc {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kWhitespace = " \t\n\r";

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/// The number grammar of RFC 8259, section 6. simdjson returns the raw token without checking it.
bool is_json_number(std::string_view text) {
    const auto digits = [&text] {
        const size_t count = static_cast<size_t>(
            std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
        text.remove_prefix(count);
        return count;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool leading_zero = text.starts_with('0');
    const size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return text.empty();
}

std::optional<Json> read_value(ondemand::value value, int depth);

std::optional<Json> read_array(ondemand::value value, int depth) {
    ondemand::array array;
    if (value.get_array().get(array)) return std::nullopt;
    Json::Array items;
    for (auto element : array) {
        ondemand::value item;
        if (element.get(item)) return std::nullopt;
        auto json = read_value(item, depth + 1);
        if (!json) return std::nullopt;
        items.push_back(std::move(*json));
    }
    return Json::array(std::move(items));
}

std::optional<Json> read_object(ondemand::value value, int depth) {
    ondemand::object object;
    if (value.get_object().get(object)) return std::nullopt;
    Json::Object members;
    for (auto element : object) {
        ondemand::field field;
        if (std::move(element).get(field)) return std::nullopt;
        std::string_view key;
        if (field.unescaped_key().get(key)) return std::nullopt;
        std::string name{key};
        auto json = read_value(field.value(), depth + 1);
        if (!json) return std::nullopt;
        members.emplace_back(std::move(name), std::move(*json));
    }
    return Json::object(std::move(members));
}

std::optional<Json> read_value(ondemand::value value, int depth) {
    if (depth > kJsonDepthMax) return std::nullopt;
    ondemand::json_type type{};
    if (value.type().get(type)) return std::nullopt;
    switch (type) {
        case ondemand::json_type::array:
            return read_array(value, depth);
        case ondemand::json_type::object:
            return read_object(value, depth);
        case ondemand::json_type::number: {
            std::string_view token = value.raw_json_token();
            token = token.substr(0, token.find_last_not_of(kWhitespace) + 1);
            if (!is_json_number(token)) return std::nullopt;
            return Json::number(std::string{token});
        }
        case ondemand::json_type::string: {
            std::string_view text;
            if (value.get_string().get(text)) return std::nullopt;
            return Json::string(std::string{text});
        }
        case ondemand::json_type::boolean: {
            bool flag = false;
            if (value.get_bool().get(flag)) return std::nullopt;
            return Json::boolean(flag);
        }
        case ondemand::json_type::null: {
            bool null = false;
            if (value.is_null().get(null) || !null) return std::nullopt;
            return Json{};
        }
    }
    return std::nullopt;
}

}  // namespace

const Json* Json::find(std::string_view key) const {
    if (!is_object()) return nullptr;
    for (const Member& member : object()) {
        if (member.first == key) return &member.second;
    }
    return nullptr;
}

std::string_view type_name(Json::Type type) {
    switch (type) {
        case Json::Type::null:
            return "null";
        case Json::Type::boolean:
            return "bool";
        case Json::Type::number:
            return "number";
        case Json::Type::string:
            return "string";
        case Json::Type::array:
            return "array";
        case Json::Type::object:
            return "object";
    }
    return "";
}

std::optional<Json> parse_json(std::string_view text) {
    // simdjson's On-Demand parser handles a scalar document differently from other documents.
    // Inside an array, all values are handled alike. A text such as "1],[2" is refused because of
    // the content after the array.
    std::string wrapped;
    wrapped.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
    wrapped.append("[").append(text).append("]");
    ondemand::parser parser;
    ondemand::document document;
    if (parser.iterate(wrapped.data(), wrapped.size(), wrapped.capacity()).get(document))
        return std::nullopt;
    ondemand::value root;
    if (document.get_value().get(root)) return std::nullopt;
    auto json = read_array(root, 0);
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    if (!json || !at_end || json->array().size() != 1) return std::nullopt;
    return json->array().front();
}

}  // namespace parley::rpc
