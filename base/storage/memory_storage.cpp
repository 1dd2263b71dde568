#include "base/storage/memory_storage.h"

#include <algorithm>

namespace parley {
namespace {

/// A handle to a store that the directory owns.
class SharedStorage final : public Storage {
 public:
    explicit SharedStorage(std::shared_ptr<MemoryStorage> store) : store_(std::move(store)) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        return store_->get(key);
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        return store_->scan(prefix, visitor);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        return store_->read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return store_->file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        return store_->commit(std::move(batch), durability);
    }

 private:
    std::shared_ptr<MemoryStorage> store_;
};

}  // namespace

Expected<std::optional<Bytes>, StorageError> MemoryStorage::get(ByteSpan key) const {
    const auto found = keys_.find(to_bytes(key));
    if (found == keys_.end()) return std::optional<Bytes>{};
    return std::optional<Bytes>{found->second};
}

Expected<void, StorageError> MemoryStorage::scan(ByteSpan prefix, const Visitor& visitor) const {
    for (auto entry = keys_.lower_bound(to_bytes(prefix)); entry != keys_.end(); ++entry) {
        const auto& [key, value] = *entry;
        if (key.size() < prefix.size() || !std::equal(prefix.begin(), prefix.end(), key.begin()))
            break;
        if (!visitor(key, value)) break;
    }
    return {};
}

Expected<Bytes, StorageError> MemoryStorage::read_file(FileId file, uint64_t offset,
                                                       size_t size) const {
    const auto found = files_.find(file);
    // Not offset + size, which may overflow for a damaged index.
    if (found == files_.end() || offset > found->second.size() ||
        size > found->second.size() - offset) {
        return Unexpected(
            StorageError{StorageError::Code::corruption, "file shorter than its index says"});
    }
    const auto first = found->second.begin() + static_cast<ptrdiff_t>(offset);
    return Bytes(first, first + static_cast<ptrdiff_t>(size));
}

Expected<uint64_t, StorageError> MemoryStorage::file_size(FileId file) const {
    const auto found = files_.find(file);
    return found == files_.end() ? uint64_t{0} : uint64_t{found->second.size()};
}

CommitId MemoryStorage::commit(WriteBatch batch, Durability) {
    for (auto& operation : batch.operations()) {
        if (auto* put = std::get_if<WriteBatch::Put>(&operation)) {
            keys_[std::move(put->key)] = std::move(put->value);
        } else if (auto* erase = std::get_if<WriteBatch::Erase>(&operation)) {
            keys_.erase(erase->key);
        } else if (auto* write = std::get_if<WriteBatch::FileWrite>(&operation)) {
            write_file(write->file, write->offset, write->data);
        } else {
            files_.erase(std::get<WriteBatch::FileRemove>(operation).file);
        }
    }
    return ++last_commit_;
}

std::optional<Bytes> MemoryStorage::exchange(ByteSpan key, std::optional<Bytes> value) {
    const auto found = keys_.lower_bound(to_bytes(key));
    const bool there = found != keys_.end() && std::ranges::equal(found->first, key);
    if (!there) {
        if (value) keys_.emplace_hint(found, to_bytes(key), std::move(*value));
        return std::nullopt;
    }
    std::optional<Bytes> before{std::move(found->second)};
    if (value) {
        found->second = std::move(*value);
    } else {
        keys_.erase(found);
    }
    return before;
}

void MemoryStorage::write_file(FileId file, uint64_t offset, ByteSpan data) {
    Bytes& content = files_[file];
    const size_t end = static_cast<size_t>(offset) + data.size();
    if (content.size() < end) content.resize(end);
    std::ranges::copy(data, content.begin() + static_cast<ptrdiff_t>(offset));
}

Bytes MemoryStorage::shorten_file(FileId file, uint64_t size) {
    const auto found = files_.find(file);
    if (found == files_.end() || found->second.size() <= size) return {};
    if (size == 0) {
        Bytes whole = std::move(found->second);
        files_.erase(found);
        return whole;
    }
    const auto first = found->second.begin() + static_cast<ptrdiff_t>(size);
    Bytes rest(first, found->second.end());
    found->second.erase(first, found->second.end());
    return rest;
}

Expected<std::unique_ptr<Storage>, StorageError> MemoryStorageDirectory::open(
    const std::string& name, Mode mode) {
    const bool create = mode == Mode::create_new;
    if (exists(name) == create) {
        return Unexpected(
            StorageError{StorageError::Code::io, name + (create ? " exists" : " does not exist")});
    }
    auto& store = stores_[name];
    if (create) store = std::make_shared<MemoryStorage>();
    return std::unique_ptr<Storage>{std::make_unique<SharedStorage>(store)};
}

std::vector<std::string> MemoryStorageDirectory::list() const {
    std::vector<std::string> names;
    for (const auto& [name, store] : stores_) names.push_back(name);
    return names;
}

}  // namespace parley
