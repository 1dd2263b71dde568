#include "node/tracked_storage.h"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

/// A TrackedStorage that owns what it passes to, and notes its last commit.
class OwningTrackedStorage final : public Storage {
 public:
    OwningTrackedStorage(std::unique_ptr<Storage> host, CommitTracker& commits,
                         CommitId& last_commit)
        : host_(std::move(host)), tracked_(*host_, commits), last_commit_(last_commit) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        return tracked_.get(key);
    }
    Expected<std::vector<std::optional<Bytes>>, StorageError> get_many(
        std::span<const Bytes> keys) const override {
        return tracked_.get_many(keys);
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        return tracked_.scan(prefix, visitor);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        return tracked_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return tracked_.file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        return last_commit_ = tracked_.commit(std::move(batch), durability);
    }

 private:
    std::unique_ptr<Storage> host_;
    TrackedStorage tracked_;
    CommitId& last_commit_;
};

}  // namespace

CommitId CommitTracker::add(Durability durability) {
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

CommitId TrackedStorage::commit(WriteBatch batch, Durability durability) {
    host_.commit(std::move(batch), durability);
    return commits_.add(durability);
}

Expected<std::unique_ptr<Storage>, StorageError> TrackedStorageDirectory::open(
    const std::string& name, Mode mode) {
    auto opened = host_.open(name, mode);
    if (!opened) return Unexpected(opened.error());
    return std::unique_ptr<Storage>{
        std::make_unique<OwningTrackedStorage>(std::move(*opened), commits_, last_commit_)};
}

}  // namespace parley
