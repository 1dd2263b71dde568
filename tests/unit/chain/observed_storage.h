// A store that records its calls, and fails reads of coins on request.
#pragma once

#include <set>

#include "base/storage/storage.h"
#include "chain/state/coins_cache.h"

namespace parley {

class ObservedStorage final : public Storage {
 public:
    explicit ObservedStorage(Storage& below) : below_(below) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        if (failing && !key.empty() && key[0] == kCoinsKeys[0].coin)
            return Unexpected(StorageError{StorageError::Code::io, "disk on fire"});
        asked.insert(to_bytes(key));
        return below_.get(key);
    }
    Expected<std::vector<std::optional<Bytes>>, StorageError> get_many(
        std::span<const Bytes> keys) const override {
        ++batches;
        batch_keys.insert(batch_keys.end(), keys.begin(), keys.end());
        if (!failing) return below_.get_many(keys);
        return Unexpected(StorageError{StorageError::Code::io, "disk on fire"});
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        return below_.scan(prefix, visitor);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        return below_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return below_.file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        return below_.commit(std::move(batch), durability);
    }

    bool failing = false;
    mutable std::set<Bytes> asked;  // by itself
    mutable size_t batches = 0;
    mutable std::vector<Bytes> batch_keys;

 private:
    Storage& below_;
};

}  // namespace parley
