// StepStorage: a host's Storage as the node's modules see it. Each commit passes through and leaves
// the matching Persist barrier among the effects of the running step, so that no module can forget
// it. Core thread only.
#pragma once

#include "base/storage/storage.h"
#include "node/effect.h"

namespace parley {

class StepStorage final : public Storage {
 public:
    /// Borrows both; `effects` is the list of the running step, and stays the same object from step
    /// to step.
    StepStorage(Storage& host, Effects& effects) : host_(host), effects_(effects) {}

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
    CommitId commit(WriteBatch batch, Durability durability) override;

 private:
    Storage& host_;
    Effects& effects_;
};

/// The same for a directory of stores.
class StepStorageDirectory final : public StorageDirectory {
 public:
    StepStorageDirectory(StorageDirectory& host, Effects& effects)
        : host_(host), effects_(effects) {}

    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override;
    bool exists(const std::string& name) const override { return host_.exists(name); }
    std::vector<std::string> list() const override { return host_.list(); }

 private:
    StorageDirectory& host_;
    Effects& effects_;
};

}  // namespace parley
