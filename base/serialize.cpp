#include "base/serialize.h"

namespace parley {

Writer& Writer::compact_size(uint64_t value) {
    switch (compact_size_length(value)) {
        case 1:
            return le(static_cast<uint8_t>(value));
        case 3:
            return u8(0xfd).le(static_cast<uint16_t>(value));
        case 5:
            return u8(0xfe).le(static_cast<uint32_t>(value));
        default:
            return u8(0xff).le(value);
    }
}

uint64_t Reader::compact_size(uint64_t limit) {
    const uint8_t first = u8();
    uint64_t value = first;
    if (first == 0xfd) value = le<uint16_t>();
    if (first == 0xfe) value = le<uint32_t>();
    if (first == 0xff) value = le<uint64_t>();
    const size_t length = first < 0xfd ? 1 : first == 0xfd ? 3 : first == 0xfe ? 5 : 9;
    if (ok_ && compact_size_length(value) != length) canonical_ = false;
    if (!ok_ || !canonical_ || value > limit) {
        fail();
        return 0;
    }
    return value;
}

size_t Reader::count(size_t item_size_min) {
    const uint64_t items = compact_size();
    if (items > left() / item_size_min) {
        fail();
        return 0;
    }
    return static_cast<size_t>(items);
}

ByteSpan Reader::bytes(size_t size) {
    if (size > input_.size()) {
        fail();
        return {};
    }
    const ByteSpan result = input_.first(size);
    input_ = input_.subspan(size);
    return result;
}

ByteSpan Reader::var_bytes(uint64_t limit) {
    return bytes(static_cast<size_t>(compact_size(limit)));
}

Hash256 Reader::hash() {
    const ByteSpan raw = bytes(Hash256::kSize);
    return raw.empty() ? Hash256{} : Hash256::from_bytes(raw);
}

}  // namespace parley
