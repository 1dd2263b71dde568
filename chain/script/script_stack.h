// ScriptStack: the interpreter's stack of byte strings. No opcode produces a long string: each item
// is either a part of a script or witness, which is borrowed, or a digest or number, which is
// stored in the item. So copying an item copies no other memory, and no item allocates. Not
// thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace parley {

class StackItem {
 public:
    StackItem() = default;

    /// The bytes must outlive the item.
    static StackItem borrow(ByteSpan bytes) {
        StackItem item;
        item.borrowed_ = bytes.data();
        item.size_ = static_cast<uint32_t>(bytes.size());
        return item;
    }
    /// REQUIRES: at most 32 bytes.
    static StackItem copy(ByteSpan bytes) {
        CHECK(bytes.size() <= kOwnedMax);
        StackItem item;
        item.size_ = static_cast<uint32_t>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), item.owned_.begin());
        return item;
    }

    ByteSpan bytes() const {
        return {borrowed_ != nullptr ? borrowed_ : owned_.data(), size_t{size_}};
    }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

 private:
    static constexpr size_t kOwnedMax = 32;

    const uint8_t* borrowed_ = nullptr;  // null: owned_ holds the bytes
    uint32_t size_ = 0;
    std::array<uint8_t, kOwnedMax> owned_{};
};

using ScriptStack = std::vector<StackItem>;

}  // namespace parley
