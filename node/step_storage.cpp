#include "node/step_storage.h"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

/// A StepStorage that owns what it passes to, and notes its last commit.
class OwningStepStorage final : public Storage {
 public:
    OwningStepStorage(std::unique_ptr<Storage> host, StepCommits& commits, CommitId& last_commit)
        : host_(std::move(host)), step_(*host_, commits), last_commit_(last_commit) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        return step_.get(key);
    }
    Expected<std::vector<std::optional<Bytes>>, StorageError> get_many(
        std::span<const Bytes> keys) const override {
        return step_.get_many(keys);
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        return step_.scan(prefix, visitor);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        return step_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return step_.file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        return last_commit_ = step_.commit(std::move(batch), durability);
    }

 private:
    std::unique_ptr<Storage> host_;
    StepStorage step_;
    CommitId& last_commit_;
};

}  // namespace

CommitId StepCommits::add(Durability durability) {
    ++last_;
    // Persists with nothing between them merge into one of the stronger durability.
    if (!effects.empty()) {
        if (auto* previous = std::get_if<effect::Persist>(&effects.back())) {
            *previous = {last_, std::max(previous->durability, durability)};
            return last_;
        }
    }
    effects.push_back(effect::Persist{last_, durability});
    return last_;
}

CommitId StepStorage::commit(WriteBatch batch, Durability durability) {
    host_.commit(std::move(batch), durability);
    return commits_.add(durability);
}

Expected<std::unique_ptr<Storage>, StorageError> StepStorageDirectory::open(const std::string& name,
                                                                            Mode mode) {
    auto opened = host_.open(name, mode);
    if (!opened) return Unexpected(opened.error());
    return std::unique_ptr<Storage>{
        std::make_unique<OwningStepStorage>(std::move(*opened), commits_, last_commit_)};
}

}  // namespace parley
