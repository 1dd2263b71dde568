#include "base/storage/storage.h"

#include <utility>

namespace parley {
namespace {

class CopiedKeys final : public StorageSnapshot {
 public:
    std::vector<std::pair<Bytes, Bytes>> entries;

    Expected<void, StorageError> scan(const Visitor& visitor) const override {
        for (const auto& [key, value] : entries) {
            if (!visitor(key, value)) break;
        }
        return {};
    }
};

}  // namespace

Expected<std::unique_ptr<const StorageSnapshot>, StorageError> Storage::snapshot(
    ByteSpan prefix) const {
    auto copy = std::make_unique<CopiedKeys>();
    const auto read = scan(prefix, [&](ByteSpan key, ByteSpan value) {
        copy->entries.emplace_back(to_bytes(key), to_bytes(value));
        return true;
    });
    if (!read) return Unexpected(read.error());
    return std::unique_ptr<const StorageSnapshot>{std::move(copy)};
}

Expected<std::vector<std::optional<Bytes>>, StorageError> Storage::get_many(
    std::span<const Bytes> keys) const {
    std::vector<std::optional<Bytes>> values;
    values.reserve(keys.size());
    for (const Bytes& key : keys) {
        auto value = get(key);
        if (!value) return Unexpected(value.error());
        values.push_back(std::move(*value));
    }
    return values;
}

}  // namespace parley
