// TrackedStorage: a host's Storage as the node's modules see it. Each commit is passed on, numbered
// among all commits of the node, and adds a Persist to the effects of the current step, so that no
// module can forget it. Core thread only.
#pragma once

#include "base/storage/storage.h"
#include "node/effect.h"

namespace parley {

/// Numbers the commits of a node over all its stores from 1 upwards, and holds the effects of the
/// current step.
class CommitTracker {
 public:
    Effects effects;

    CommitId last() const { return last_; }
    /// Numbers a commit and adds its Persist.
    CommitId add(Durability durability);

 private:
    CommitId last_{};
};

class TrackedStorage : public Storage {
 public:
    /// Borrows both.
    TrackedStorage(Storage& host, CommitTracker& commits) : host_(host), commits_(commits) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        return host_.get(key);
    }
    Expected<std::vector<std::optional<Bytes>>, StorageError> get_many(
        std::span<const Bytes> keys) const override {
        return host_.get_many(keys);
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        return host_.scan(prefix, visitor);
    }
    Expected<std::unique_ptr<const StorageSnapshot>, StorageError> snapshot(
        ByteSpan prefix) const override {
        return host_.snapshot(prefix);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        return host_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return host_.file_size(file);
    }
    uint64_t keys_size_on_disk() const override { return host_.keys_size_on_disk(); }
    /// Returns the commit's number among all commits of the node.
    CommitId commit(WriteBatch batch, Durability durability) override;

 private:
    Storage& host_;
    CommitTracker& commits_;
};

/// The same for a directory of stores.
class TrackedStorageDirectory final : public StorageDirectory {
 public:
    /// Borrows both. The stores that it opens borrow from it.
    TrackedStorageDirectory(StorageDirectory& host, CommitTracker& commits)
        : host_(host), commits_(commits) {}

    /// The last commit of any of its stores; zero before the first.
    CommitId last_commit() const { return last_commit_; }

    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override;
    bool exists(const std::string& name) const override { return host_.exists(name); }
    std::vector<std::string> list() const override { return host_.list(); }

 private:
    StorageDirectory& host_;
    CommitTracker& commits_;
    CommitId last_commit_{};
};

}  // namespace parley
