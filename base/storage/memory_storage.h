// MemoryStorage: a Storage in memory that never fails. Its contents are lost when it is destroyed.
// For tests and the simulator.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/storage/storage.h"

namespace parley {

class MemoryStorage final : public Storage {
 public:
    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override;
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override;
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override;
    Expected<uint64_t, StorageError> file_size(FileId file) const override;
    CommitId commit(WriteBatch batch, Durability durability) override;

    // For FaultDisk, which reverts changes that were not synced. None of these is a commit.

    /// Sets the key, or erases it if `value` is empty. Returns its previous value.
    std::optional<Bytes> exchange(ByteSpan key, std::optional<Bytes> value);
    /// As WriteBatch::write_file().
    void write_file(FileId file, uint64_t offset, ByteSpan data);
    /// Truncates the file to `size` bytes, or removes it if `size` is 0. Returns the bytes cut off.
    Bytes shorten_file(FileId file, uint64_t size);
    const std::map<FileId, Bytes>& files() const { return files_; }

 private:
    std::map<Bytes, Bytes> keys_;
    std::map<FileId, Bytes> files_;
    CommitId last_commit_{0};
};

/// Named stores that outlive the handles returned by open(), and are destroyed with the directory.
class MemoryStorageDirectory final : public StorageDirectory {
 public:
    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override;
    bool exists(const std::string& name) const override { return stores_.contains(name); }
    std::vector<std::string> list() const override;

 private:
    std::map<std::string, std::shared_ptr<MemoryStorage>> stores_;
};

}  // namespace parley
