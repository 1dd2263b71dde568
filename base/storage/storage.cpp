#include "base/storage/storage.h"

namespace parley {

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
