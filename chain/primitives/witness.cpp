#include "chain/primitives/witness.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace parley {
namespace {

constexpr size_t kItemSizeMin = 1;  // its length

}  // namespace

// `next` returns the items in order; `bytes` is their total size.
template <class Next>
void Witness::fill(size_t count, size_t bytes, Next next) {
    const size_t table = (count + 1) * kWord;
    CHECK(bytes <= std::numeric_limits<uint32_t>::max() - table);
    storage_.resize(table + bytes);
    auto offset = static_cast<uint32_t>(table);
    for (size_t i = 0; i <= count; ++i) {
        std::memcpy(storage_.data() + i * kWord, &offset, kWord);
        if (i == count) break;
        const ByteSpan item = next(i);
        std::copy(item.begin(), item.end(), storage_.data() + offset);
        offset += static_cast<uint32_t>(item.size());
    }
}

template <class Items>
void Witness::assign(const Items& items) {
    if (items.size() == 0) return;
    size_t bytes = 0;
    for (const ByteSpan item : items) bytes += item.size();
    auto next = items.begin();
    fill(items.size(), bytes, [&](size_t) { return ByteSpan{*next++}; });
}

Witness::Witness(std::initializer_list<ByteSpan> items) {
    assign(items);
}

Witness::Witness(const std::vector<Bytes>& items) {
    assign(items);
}

Witness Witness::read(Reader& reader) {
    const size_t count = reader.count(kItemSizeMin);
    Reader ahead = reader;
    size_t bytes = 0;
    for (size_t i = 0; i < count && ahead.ok(); ++i) bytes += ahead.var_bytes().size();
    Witness witness;
    if (!ahead.ok()) reader.fail();
    if (!reader.ok() || count == 0) return witness;
    witness.fill(count, bytes, [&](size_t) { return reader.var_bytes(); });
    return witness;
}

void Witness::write(Writer& writer) const {
    writer.compact_size(size());
    for (const ByteSpan item : items()) writer.var_bytes(item);
}

size_t Witness::encoded_size() const {
    size_t total = compact_size_length(size());
    for (const ByteSpan item : items()) total += compact_size_length(item.size()) + item.size();
    return total;
}

std::vector<Bytes> Witness::copy() const {
    std::vector<Bytes> copies;
    copies.reserve(size());
    for (const ByteSpan item : items()) copies.push_back(to_bytes(item));
    return copies;
}

void Witness::push_back(ByteSpan item) {
    const Witness before = *this;
    const Bytes last = to_bytes(item);  // copied, because `item` may point into this object
    const size_t count = before.size();
    const size_t bytes = before.empty() ? 0 : before.storage_.size() - before.first_offset();
    fill(count + 1, bytes + last.size(),
         [&](size_t i) { return i < count ? before[i] : ByteSpan{last}; });
}

}  // namespace parley
