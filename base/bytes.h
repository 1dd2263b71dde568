// Byte strings and their hexadecimal form. Thread-safe: free functions over values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;
using MutableByteSpan = std::span<uint8_t>;

/// Lower-case hexadecimal, two digits a byte, in the order of the bytes.
std::string to_hex(ByteSpan bytes);

/// The inverse of to_hex; accepts both cases. Empty: an odd length, or a character that is not a
/// hexadecimal digit.
std::optional<Bytes> from_hex(std::string_view text);

/// A view of the characters of `text` as bytes. Borrows.
inline ByteSpan as_bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// A view of bytes as characters. Borrows.
inline std::string_view as_text(ByteSpan bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteSpan bytes) {
    return {bytes.begin(), bytes.end()};
}

inline void append(Bytes& target, ByteSpan tail) {
    target.insert(target.end(), tail.begin(), tail.end());
}

}  // namespace parley
