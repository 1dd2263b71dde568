#include "base/hash256.h"

#include "base/check.h"

namespace parley {

Hash256 Hash256::from_bytes(ByteSpan bytes) {
    CHECK(bytes.size() == kSize);
    Hash256 hash;
    std::copy(bytes.begin(), bytes.end(), hash.bytes_.begin());
    return hash;
}

std::optional<Hash256> Hash256::from_string(std::string_view text) {
    if (text.size() != 2 * kSize) return std::nullopt;
    auto bytes = from_hex(text);
    if (!bytes) return std::nullopt;
    std::reverse(bytes->begin(), bytes->end());
    return from_bytes(*bytes);
}

std::string Hash256::to_string() const {
    auto reversed = bytes_;
    std::reverse(reversed.begin(), reversed.end());
    return to_hex(reversed);
}

}  // namespace parley
