// Json: an immutable JSON value received from a client. Numbers are kept as text, so that amounts
// are read exactly; the order of an object's members is preserved. A value.
//
// This is the reader; JsonWriter (json_writer.h) writes JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley::rpc {
// Wide because each of six types has its factory, its test and its access, by value or borrowed.
class Json {
 public:
    enum class Type : uint8_t { null, boolean, number, string, array, object };
    using Array = std::vector<Json>;
    using Member = std::pair<std::string, Json>;
    using Object = std::vector<Member>;

    /// null
    Json() = default;
    static Json boolean(bool value) { return Json{Value{value}}; }
    /// REQUIRES: `text` is a JSON number.
    static Json number(std::string text) { return Json{Value{Number{std::move(text)}}}; }
    static Json string(std::string text) { return Json{Value{std::move(text)}}; }
    static Json array(Array items) { return Json{Value{std::move(items)}}; }
    static Json object(Object members) { return Json{Value{std::move(members)}}; }

    Type type() const { return static_cast<Type>(value_.index()); }
    bool is_null() const { return type() == Type::null; }
    bool is_boolean() const { return type() == Type::boolean; }
    bool is_number() const { return type() == Type::number; }
    bool is_string() const { return type() == Type::string; }
    bool is_array() const { return type() == Type::array; }
    bool is_object() const { return type() == Type::object; }

    /// REQUIRES: the value has that type.
    bool boolean() const { return std::get<bool>(value_); }
    const std::string& number() const& { return std::get<Number>(value_).text; }
    const std::string& string() const& { return std::get<std::string>(value_); }
    const Array& array() const& { return std::get<Array>(value_); }
    const Object& object() const& { return std::get<Object>(value_); }
    /// Of a temporary, the value itself: a loop over `reply().array()` outlives the reply.
    std::string number() && { return std::get<Number>(std::move(value_)).text; }
    std::string string() && { return std::get<std::string>(std::move(value_)); }
    Array array() && { return std::get<Array>(std::move(value_)); }
    Object object() && { return std::get<Object>(std::move(value_)); }

    /// The first member with that name. Null: none, or not an object.
    const Json* find(std::string_view key) const;

    bool operator==(const Json&) const = default;

 private:
    struct Number {
        std::string text;
        bool operator==(const Number&) const = default;
    };
    using Value = std::variant<std::monostate, bool, Number, std::string, Array, Object>;
    explicit Json(Value value) : value_(std::move(value)) {}

    Value value_;
};

/// "null", "bool", "number", "string", "array", "object": as in bitcoind's messages.
std::string_view type_name(Json::Type type);

/// Deeper nesting is rejected: parsing is recursive, and no request needs a tenth of this.
inline constexpr int kJsonDepthMax = 512;

/// Parses one complete JSON text (RFC 8259, any type of value). Empty: anything else.
std::optional<Json> parse_json(std::string_view text);

}  // namespace parley::rpc
