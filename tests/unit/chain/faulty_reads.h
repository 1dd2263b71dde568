// FaultyReads: a store one of whose reads fails. For tests of what becomes of a failed read, below
// and beside a whole node.
#pragma once

#include <optional>
#include <utility>

#include "base/storage/storage.h"

namespace parley {

/// Which read fails, counted over all stores that share it.
struct ReadFault {
    size_t reads = 0;
    size_t fails_at = 0;  ///< the first is 1; 0: none
    bool fired() const { return fails_at != 0 && reads >= fails_at; }

    /// From now on.
    void fail_at(size_t read) {
        reads = 0;
        fails_at = read;
    }
};

/// Fails one read, and is as good as the store below before and afterwards: what forgets the
/// failure goes on with a coin or a block that seems to be missing. Each key of a batch is a read.
class FaultyReads final : public Storage {
 public:
    FaultyReads(Storage& below, ReadFault& fault) : below_(below), fault_(fault) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        if (fails()) return Unexpected(error());
        return below_.get(key);
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        if (fails()) return Unexpected(error());
        return below_.scan(prefix, visitor);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        if (fails()) return Unexpected(error());
        return below_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return below_.file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        return below_.commit(std::move(batch), durability);
    }

 private:
    bool fails() const { return ++fault_.reads == fault_.fails_at; }
    static StorageError error() { return {StorageError::Code::io, "disk on fire"}; }

    Storage& below_;
    ReadFault& fault_;
};

}  // namespace parley
