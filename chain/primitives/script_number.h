// Script's numbers: little-endian sign and magnitude, with the sign in the highest bit of the last
// byte; zero is the empty string. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace parley {

/// Operands of arithmetic have at most four bytes; results may be longer.
inline constexpr size_t kScriptNumberSizeMax = 4;

/// A number in its minimal encoding.
struct ScriptNumber {
    std::array<uint8_t, 9> bytes{};
    size_t size = 0;
    ByteSpan span() const { return ByteSpan{bytes}.first(size); }
};
ScriptNumber encode_script_number(int64_t value);

/// Empty: more than `size_max` bytes (at most 8), or `minimal` and not the minimal encoding.
std::optional<int64_t> decode_script_number(ByteSpan data, bool minimal,
                                            size_t size_max = kScriptNumberSizeMax);

/// Script's notion of true: anything but zero, of either sign and any length.
bool cast_to_bool(ByteSpan data);

}  // namespace parley
