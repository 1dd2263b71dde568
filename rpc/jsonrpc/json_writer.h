// JsonWriter: writes JSON text directly, without building a tree. Amounts have eight decimals and
// never an exponent; other fractions have 16 significant digits, as in bitcoind. Members appear in
// the order of the calls. Not thread-safe; one owner.
//
//     writer.object([&] {
//         writer.field("height", height);
//         writer.field_array("tx", [&] { for (...) writer.value(txid); });
//     });
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash256.h"
#include "base/strong.h"
#include "chain/primitives/amount.h"
#include "rpc/jsonrpc/json.h"

namespace parley::rpc {

class JsonWriter {
 public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);

    JsonWriter& null() { return raw("null"); }
    JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const std::string& text) { return value(std::string_view{text}); }
    JsonWriter& value(const char* text) { return value(std::string_view{text}); }
    JsonWriter& value(std::nullptr_t) = delete;  ///< would be taken for text: null()
    JsonWriter& value(const Hash256& hash) { return value(hash.to_string()); }
    JsonWriter& value(Amount amount) { return raw(to_string(amount)); }
    JsonWriter& value(double number);
    template <std::integral T>
    JsonWriter& value(T number) {
        return raw(std::to_string(number));
    }
    template <class Tag, class Rep>
    JsonWriter& value(Strong<Tag, Rep> number) {
        return value(number.value());
    }
    JsonWriter& value(const Json& json);
    JsonWriter& hex(ByteSpan bytes) { return value(to_hex(bytes)); }
    /// Text that is already JSON.
    JsonWriter& raw(std::string_view json);

    template <class T>
    JsonWriter& field(std::string_view name, const T& content) {
        return key(name).value(content);
    }
    template <class Body>
    JsonWriter& object(Body body) {
        begin_object();
        body();
        return end_object();
    }
    template <class Body>
    JsonWriter& array(Body body) {
        begin_array();
        body();
        return end_array();
    }
    template <class Body>
    JsonWriter& field_object(std::string_view name, Body body) {
        return key(name).object(body);
    }
    template <class Body>
    JsonWriter& field_array(std::string_view name, Body body) {
        return key(name).array(body);
    }
    template <class Items>
    JsonWriter& field_values(std::string_view name, const Items& items) {
        return field_array(name, [&] {
            for (const auto& item : items) value(item);
        });
    }

    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

 private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();

    std::string text_;
    bool first_ = true;  ///< no comma needed: first in its bracket, or after a key
};

/// Adds quotes. Control characters and 0x7f are escaped, UTF-8 is unchanged.
std::string json_quote(std::string_view text);

/// Like bitcoind's UniValue::write: `indent` spaces per level, and two lines for an empty array or
/// object.
std::string json_indented(const Json& json, int indent);

}  // namespace parley::rpc
