// ScriptStack: the interpreter's stack of byte strings. No opcode makes a long string: every item
// is either a piece of a script or of a witness, which is borrowed, or a digest or a number, which
// fits into the item. So nothing is copied but the items themselves, and nothing is allocated for
// one. Not thread-safe; lives on the interpreter's thread.
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

    /// Whoever owns the bytes must keep them longer than the stack.
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
