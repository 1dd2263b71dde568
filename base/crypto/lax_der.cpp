#include "base/crypto/lax_der.h"

#include <algorithm>

namespace parley {
namespace {

constexpr uint8_t kSequence = 0x30;
constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kLongForm = 0x80;
// Lengths of more significant bytes than these exceed any signature.
constexpr size_t kLengthBytesMax = 3;

class Cursor {
 public:
    explicit Cursor(ByteSpan input) : left_(input) {}

    std::optional<uint8_t> byte() {
        const auto one = take(1);
        return one ? std::optional{one->front()} : std::nullopt;
    }

    std::optional<ByteSpan> take(size_t size) {
        if (size > left_.size()) return std::nullopt;
        const ByteSpan result = left_.first(size);
        left_ = left_.subspan(size);
        return result;
    }

    bool tag(uint8_t expected) { return byte() == expected; }

 private:
    ByteSpan left_;
};

// Bytes that follow an initial length byte in long form; none in short form.
size_t long_form_size(uint8_t first) {
    return first & kLongForm ? first & ~kLongForm & 0xffu : 0;
}

// Skips the outer length without checking it.
bool skip_length(Cursor& cursor) {
    const auto first = cursor.byte();
    return first && cursor.take(long_form_size(*first));
}

std::optional<size_t> read_length(Cursor& cursor) {
    const auto first = cursor.byte();
    if (!first) return std::nullopt;
    if (!(*first & kLongForm)) return *first;
    auto digits = cursor.take(long_form_size(*first));
    if (!digits) return std::nullopt;
    while (!digits->empty() && digits->front() == 0) *digits = digits->subspan(1);
    if (digits->size() > kLengthBytesMax) return std::nullopt;
    size_t length = 0;
    for (const uint8_t digit : *digits) length = length << 8 | digit;
    return length;
}

std::optional<ByteSpan> read_integer(Cursor& cursor) {
    if (!cursor.tag(kInteger)) return std::nullopt;
    const auto length = read_length(cursor);
    if (!length) return std::nullopt;
    auto digits = cursor.take(*length);
    while (digits && !digits->empty() && digits->front() == 0) *digits = digits->subspan(1);
    return digits;
}

}  // namespace

std::optional<std::array<uint8_t, 64>> parse_lax_der(ByteSpan signature) {
    Cursor cursor{signature};
    if (!cursor.tag(kSequence) || !skip_length(cursor)) return std::nullopt;
    const auto r = read_integer(cursor);
    if (!r) return std::nullopt;
    const auto s = read_integer(cursor);
    if (!s) return std::nullopt;

    std::array<uint8_t, 64> compact{};
    if (r->size() > 32 || s->size() > 32) return compact;
    std::copy_backward(r->begin(), r->end(), compact.begin() + 32);
    std::copy_backward(s->begin(), s->end(), compact.end());
    return compact;
}

}  // namespace parley
