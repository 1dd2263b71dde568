// Script's numbers: little-endian, sign and magnitude, the sign in the highest bit of the last
// byte, the empty string for zero. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace parley {

/// Operands of arithmetic take four bytes at most; results may be longer.
inline constexpr size_t kScriptNumberSizeMax = 4;

/// A number in its shortest form.
struct ScriptNumber {
    std::array<uint8_t, 9> bytes{};
    size_t size = 0;
    ByteSpan span() const { return ByteSpan{bytes}.first(size); }
};
ScriptNumber encode_script_number(int64_t value);

/// Empty: more than `size_max` bytes (at most 8), or `minimal` and not the shortest form.
std::optional<int64_t> decode_script_number(ByteSpan data, bool minimal,
                                            size_t size_max = kScriptNumberSizeMax);

/// Script's truth: anything but zero, of either sign and any length.
bool cast_to_bool(ByteSpan data);

}  // namespace parley
