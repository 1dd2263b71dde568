// ShortBytes: a byte string that stores up to 36 bytes inline and longer ones on the heap. Used for
// the scripts of coins: there are millions, and nearly all are short. A value; its contents are
// only replaced as a whole.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "base/bytes.h"

namespace parley {

class ShortBytes {
 public:
    /// The longest of the common scripts takes 35.
    static constexpr size_t kInside = 36;

    ShortBytes() = default;
    /// REQUIRES: less than 4 GiB.
    explicit ShortBytes(ByteSpan bytes) : size_(static_cast<uint32_t>(bytes.size())) {
        uint8_t* const target = size_ <= kInside ? inside_.data() : allocate();
        std::copy(bytes.begin(), bytes.end(), target);
    }
    ShortBytes(const ShortBytes& other) { copy(other); }
    ShortBytes(ShortBytes&& other) noexcept : size_(other.size_), inside_(other.inside_) {
        other.size_ = 0;
    }
    ShortBytes& operator=(const ShortBytes& other) {
        if (this == &other) return *this;
        release();
        copy(other);
        return *this;
    }
    ShortBytes& operator=(ShortBytes&& other) noexcept {
        std::swap(size_, other.size_);
        std::swap(inside_, other.inside_);
        return *this;
    }
    ~ShortBytes() { release(); }

    size_t size() const { return size_; }
    const uint8_t* data() const { return size_ <= kInside ? inside_.data() : outside(); }
    ByteSpan span() const { return {data(), size_}; }
    /// Bytes allocated on the heap.
    size_t heap_bytes() const { return size_ <= kInside ? 0 : size_; }

    bool operator==(const ShortBytes& other) const {
        return size_ == other.size_ && std::memcmp(data(), other.data(), size_) == 0;
    }
    std::strong_ordering operator<=>(const ShortBytes& other) const {
        return std::lexicographical_compare_three_way(data(), data() + size_, other.data(),
                                                      other.data() + other.size_);
    }

 private:
    // The pointer is stored over the inline bytes, which are not aligned for it.
    uint8_t* outside() const {
        uint8_t* pointer = nullptr;
        std::memcpy(&pointer, inside_.data(), sizeof pointer);
        return pointer;
    }
    uint8_t* allocate() {
        uint8_t* const pointer = std::allocator<uint8_t>{}.allocate(size_);
        std::memcpy(inside_.data(), &pointer, sizeof pointer);
        return pointer;
    }
    void copy(const ShortBytes& other) {
        size_ = other.size_;
        if (size_ <= kInside) {
            inside_ = other.inside_;
        } else {
            std::memcpy(allocate(), other.outside(), size_);
        }
    }
    void release() {
        if (size_ > kInside) std::allocator<uint8_t>{}.deallocate(outside(), size_);
    }

    uint32_t size_ = 0;
    std::array<uint8_t, kInside> inside_{};
};

}  // namespace parley
