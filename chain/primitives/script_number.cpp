#include "chain/primitives/script_number.h"

#include "base/check.h"

namespace parley {
namespace {

constexpr uint8_t kSignBit = 0x80;

// The last byte holds the sign. Apart from the sign it may only be zero if the byte before it uses
// its top bit.
bool is_shortest(ByteSpan data) {
    if (data.empty() || (data.back() & ~kSignBit & 0xff) != 0) return true;
    return data.size() > 1 && (data[data.size() - 2] & kSignBit) != 0;
}

}  // namespace

ScriptNumber encode_script_number(int64_t value) {
    ScriptNumber number;
    uint64_t magnitude =
        value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    for (; magnitude != 0; magnitude >>= 8)
        number.bytes[number.size++] = static_cast<uint8_t>(magnitude);
    if (number.size == 0) return number;
    if (number.bytes[number.size - 1] & kSignBit) number.bytes[number.size++] = 0;
    if (value < 0) number.bytes[number.size - 1] |= kSignBit;
    return number;
}

std::optional<int64_t> decode_script_number(ByteSpan data, bool minimal, size_t size_max) {
    CHECK(size_max <= 8);
    if (data.size() > size_max || (minimal && !is_shortest(data))) return std::nullopt;
    uint64_t magnitude = 0;
    for (size_t i = data.size(); i > 0; --i) magnitude = magnitude << 8 | data[i - 1];
    if (data.empty() || (data.back() & kSignBit) == 0) return static_cast<int64_t>(magnitude);
    magnitude &= ~(uint64_t{kSignBit} << (8 * (data.size() - 1)));
    return -static_cast<int64_t>(magnitude);
}

bool cast_to_bool(ByteSpan data) {
    for (size_t i = 0; i < data.size(); ++i) {
        if (data[i] != 0) return i + 1 != data.size() || data[i] != kSignBit;  // negative zero
    }
    return false;
}

}  // namespace parley
