// HashStream: Bitcoin's serialisation written directly into SHA-256, for data that is hashed but
// not kept. Not thread-safe.
#pragma once

#include <array>
#include <concepts>

#include "base/crypto/sha256.h"

namespace parley {

class HashStream {
 public:
    HashStream() = default;
    /// Continues from the state of `start`, for example after a tag.
    explicit HashStream(const Sha256& start) : hasher_(start) {}

    template <std::integral T>
    HashStream& le(T value) {
        std::array<uint8_t, sizeof(T)> raw;
        const auto bits = static_cast<uint64_t>(value);
        for (size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<uint8_t>(bits >> (8 * i));
        return bytes(raw);
    }
    HashStream& compact_size(uint64_t value) {
        if (value < 0xfd) return le(static_cast<uint8_t>(value));
        if (value <= 0xffff) return le(uint8_t{0xfd}).le(static_cast<uint16_t>(value));
        if (value <= 0xffffffff) return le(uint8_t{0xfe}).le(static_cast<uint32_t>(value));
        return le(uint8_t{0xff}).le(value);
    }
    HashStream& bytes(ByteSpan value) {
        hasher_.write(value);
        return *this;
    }
    /// CompactSize length, then the bytes.
    HashStream& var_bytes(ByteSpan value) { return compact_size(value.size()).bytes(value); }
    HashStream& hash(const Hash256& value) { return bytes(value.span()); }

    /// SHA-256 of everything written. The stream must not be used afterwards.
    Hash256 once() { return hasher_.finish(); }
    /// SHA-256 of SHA-256.
    Hash256 twice() { return sha256(hasher_.finish().span()); }

 private:
    Sha256 hasher_;
};

}  // namespace parley
