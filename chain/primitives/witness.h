// Witness: an input's stack of byte strings (BIP141), stored in one allocation, because a block has
// thousands of witnesses that are allocated and freed together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <vector>

#include "base/bytes.h"
#include "base/serialize.h"

namespace parley {

/// The first items of a witness. Borrows from it.
class WitnessItems {
 public:
    class Iterator {
     public:
        using iterator_category = std::input_iterator_tag;  // dereferencing returns a span by value
        using value_type = ByteSpan;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = ByteSpan;

        Iterator() = default;
        Iterator(const WitnessItems& items, size_t index)
            : storage_(items.storage_), index_(index) {}
        ByteSpan operator*() const { return item(storage_, index_); }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++index_;
            return before;
        }
        bool operator==(const Iterator& other) const { return index_ == other.index_; }

     private:
        const uint8_t* storage_ = nullptr;
        size_t index_ = 0;
    };

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    /// REQUIRES: `index` < size().
    ByteSpan operator[](size_t index) const { return item(storage_, index); }
    /// REQUIRES: not empty.
    ByteSpan front() const { return item(storage_, 0); }
    ByteSpan back() const { return item(storage_, size_ - 1); }
    /// REQUIRES: `count` <= size().
    WitnessItems first(size_t count) const { return {storage_, count}; }
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, size_}; }

 private:
    friend class Witness;
    WitnessItems(const uint8_t* storage, size_t size) : storage_(storage), size_(size) {}

    static uint32_t word(const uint8_t* storage, size_t index) {
        uint32_t value = 0;
        std::memcpy(&value, storage + index * sizeof value, sizeof value);
        return value;
    }
    static ByteSpan item(const uint8_t* storage, size_t index) {
        const uint32_t begin = word(storage, index);
        return {storage + begin, word(storage, index + 1) - begin};
    }

    const uint8_t* storage_;
    size_t size_;
};

class Witness {
 public:
    Witness() = default;
    Witness(std::initializer_list<ByteSpan> items);
    /// Implicit: the form in which items are made.
    Witness(const std::vector<Bytes>& items);  // NOLINT(google-explicit-constructor)

    /// The BIP144 encoding: the number of items, then each item with its length. The reader fails
    /// on lengths beyond the input.
    static Witness read(Reader& reader);
    void write(Writer& writer) const;
    /// The number of bytes that write() appends.
    size_t encoded_size() const;

    size_t size() const { return storage_.empty() ? 0 : first_offset() / kWord - 1; }
    bool empty() const { return storage_.empty(); }
    WitnessItems items() const { return {storage_.data(), size()}; }
    /// Copies of the items, for editing.
    std::vector<Bytes> copy() const;
    ByteSpan operator[](size_t index) const { return items()[index]; }
    ByteSpan front() const { return items().front(); }
    ByteSpan back() const { return items().back(); }
    WitnessItems::Iterator begin() const { return items().begin(); }
    WitnessItems::Iterator end() const { return items().end(); }

    void clear() { storage_.clear(); }
    /// Copies all existing items, unlike read() and the constructors.
    void push_back(ByteSpan item);
    /// Bytes allocated on the heap.
    size_t heap_bytes() const { return storage_.capacity(); }

    bool operator==(const Witness&) const = default;

 private:
    static constexpr size_t kWord = sizeof(uint32_t);

    size_t first_offset() const { return WitnessItems::word(storage_.data(), 0); }
    template <class Next>
    void fill(size_t count, size_t bytes, Next next);
    template <class Items>
    void assign(const Items& items);

    // The offset at which each item begins and the offset at which the last one ends, as 32-bit
    // words in native byte order counted from the front; then the items. Empty: no items.
    Bytes storage_;
};

}  // namespace parley
