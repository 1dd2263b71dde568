// Bitcoin's serialisation: little-endian integers, CompactSize lengths. Writer appends to a buffer
// that it owns. Reader walks a borrowed span; after the first failed read it returns zeros, so a
// decoder can read a whole structure and check ok() once. Lengths are checked against the bytes
// that remain before memory is allocated.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash256.h"

namespace parley {

/// The number of bytes that write_compact_size produces: 1, 3, 5 or 9.
constexpr size_t compact_size_length(uint64_t value) {
    return value < 0xfd ? 1 : value <= 0xffff ? 3 : value <= 0xffffffff ? 5 : 9;
}

class Writer {
 public:
    Writer() = default;
    explicit Writer(size_t capacity) { buffer_.reserve(capacity); }

    template <std::integral T>
    Writer& le(T value) {
        const auto bits = static_cast<std::make_unsigned_t<T>>(value);
        std::array<uint8_t, sizeof(T)> raw;
        for (size_t i = 0; i < sizeof(T); ++i) raw[i] = static_cast<uint8_t>(bits >> (8 * i));
        return bytes(raw);
    }
    template <std::integral T>
    Writer& be(T value) {
        const auto bits = static_cast<std::make_unsigned_t<T>>(value);
        for (size_t i = sizeof(T); i-- > 0;)
            buffer_.push_back(static_cast<uint8_t>(bits >> (8 * i)));
        return *this;
    }
    Writer& u8(uint8_t value) { return le(value); }
    Writer& compact_size(uint64_t value);
    Writer& bytes(ByteSpan value) {
        append(buffer_, value);
        return *this;
    }
    /// CompactSize length, then the bytes.
    Writer& var_bytes(ByteSpan value) { return compact_size(value.size()).bytes(value); }
    Writer& hash(const Hash256& value) { return bytes(value.span()); }

    const Bytes& data() const { return buffer_; }
    Bytes take() { return std::move(buffer_); }
    size_t size() const { return buffer_.size(); }

 private:
    Bytes buffer_;
};

class Reader {
 public:
    explicit Reader(ByteSpan input) : input_(input) {}

    template <std::integral T>
    T le() {
        const ByteSpan raw = bytes(sizeof(T));
        std::make_unsigned_t<T> bits = 0;
        for (size_t i = raw.size(); i-- > 0;) {
            if constexpr (sizeof(T) > 1) bits = static_cast<std::make_unsigned_t<T>>(bits << 8);
            bits = static_cast<std::make_unsigned_t<T>>(bits | raw[i]);
        }
        return static_cast<T>(bits);
    }
    template <std::integral T>
    T be() {
        const ByteSpan raw = bytes(sizeof(T));
        std::make_unsigned_t<T> bits = 0;
        for (const uint8_t byte : raw) {
            if constexpr (sizeof(T) > 1) bits = static_cast<std::make_unsigned_t<T>>(bits << 8);
            bits = static_cast<std::make_unsigned_t<T>>(bits | byte);
        }
        return static_cast<T>(bits);
    }
    uint8_t u8() { return le<uint8_t>(); }

    /// Fails if the value is not in its shortest form, or is above `limit`.
    uint64_t compact_size(uint64_t limit = 0x02000000);

    /// The number of items that follow, of at least `item_size_min` bytes each. Fails if the
    /// remaining bytes cannot hold that many.
    size_t count(size_t item_size_min);

    /// Borrows from the input. Fails, and returns an empty span, if fewer bytes remain.
    ByteSpan bytes(size_t size);
    ByteSpan var_bytes(uint64_t limit = 0x02000000);
    Hash256 hash();

    bool ok() const { return ok_; }
    /// False: it failed at a CompactSize that was not in its shortest form.
    bool canonical() const { return canonical_; }
    void fail() {
        ok_ = false;
        input_ = {};
    }
    size_t left() const { return input_.size(); }
    ByteSpan rest() const { return input_; }
    /// The whole input was read, and nothing failed.
    bool done() const { return ok_ && input_.empty(); }

 private:
    ByteSpan input_;
    bool ok_ = true;
    bool canonical_ = true;
};

}  // namespace parley
