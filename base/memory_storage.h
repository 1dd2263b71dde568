// MemoryStorage: a Storage that never fails and forgets everything at the end. For tests and for
// the simulator.
#pragma once

#include <map>

#include "base/storage.h"

namespace parley {

class MemoryStorage final : public Storage {
 public:
    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override;
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override;
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override;
    CommitId commit(WriteBatch batch, Durability durability) override;

 private:
    std::map<Bytes, Bytes> keys_;
    std::map<FileId, Bytes> files_;
    CommitId last_commit_{0};
};

}  // namespace parley
