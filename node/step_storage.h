// StepStorage: a host's Storage as the node's modules see it. Each commit passes through, gets its
// number among all commits of the node, and leaves a Persist among the effects of the running step,
// so that no module can forget it. Core thread only.
#pragma once

#include "base/storage/storage.h"
#include "node/effect.h"

namespace parley {

/// The commits of a node over all its stores, numbered from 1 upwards, and the effects of the
/// running step.
class StepCommits {
 public:
    Effects effects;

    CommitId last() const { return last_; }
    /// Numbers a commit and leaves its Persist.
    CommitId add(Durability durability);

 private:
    CommitId last_{};
};

class StepStorage final : public Storage {
 public:
    /// Borrows both.
    StepStorage(Storage& host, StepCommits& commits) : host_(host), commits_(commits) {}

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
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        return host_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return host_.file_size(file);
    }
    uint64_t keys_size_on_disk() const override { return host_.keys_size_on_disk(); }
    /// The number among the commits of the node.
    CommitId commit(WriteBatch batch, Durability durability) override;

 private:
    Storage& host_;
    StepCommits& commits_;
};

/// The same for a directory of stores.
class StepStorageDirectory final : public StorageDirectory {
 public:
    /// Borrows both, as do the stores that it opens, which borrow from it too.
    StepStorageDirectory(StorageDirectory& host, StepCommits& commits)
        : host_(host), commits_(commits) {}

    /// Of any of its stores; zero before the first.
    CommitId last_commit() const { return last_commit_; }

    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override;
    bool exists(const std::string& name) const override { return host_.exists(name); }
    std::vector<std::string> list() const override { return host_.list(); }

 private:
    StorageDirectory& host_;
    StepCommits& commits_;
    CommitId last_commit_{};
};

}  // namespace parley
