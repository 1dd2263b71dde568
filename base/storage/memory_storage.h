// MemoryStorage: a Storage that never fails and forgets everything at the end. For tests and for
// the simulator.
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

    // For a disk that takes changes back. None of these is a commit.

    /// Sets the key, or erases it where `value` is empty. Returns what it held before.
    std::optional<Bytes> exchange(ByteSpan key, std::optional<Bytes> value);
    /// As WriteBatch::write_file().
    void write_file(FileId file, uint64_t offset, ByteSpan data);
    /// Cuts the file to `size` bytes, or removes it where that is 0. Returns what was cut off.
    Bytes shorten_file(FileId file, uint64_t size);
    const std::map<FileId, Bytes>& files() const { return files_; }

 private:
    std::map<Bytes, Bytes> keys_;
    std::map<FileId, Bytes> files_;
    CommitId last_commit_{0};
};

/// Stores by name that outlive the handles which open() returns, and die with the directory.
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
