#include "node/tracked_storage.h"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

/// Forwards to a store that it owns, and records the number of the last commit.
class OwningTrackedStorage final : public TrackedStorage {
 public:
    OwningTrackedStorage(std::unique_ptr<Storage> host, CommitTracker& commits,
                         CommitId& last_commit)
        : TrackedStorage(*host, commits), host_(std::move(host)), last_commit_(last_commit) {}

    CommitId commit(WriteBatch batch, Durability durability) override {
        return last_commit_ = TrackedStorage::commit(std::move(batch), durability);
    }

 private:
    std::unique_ptr<Storage> host_;
    CommitId& last_commit_;
};

}  // namespace

CommitId CommitTracker::add(Durability durability) {
    ++last_;
    // Adjacent Persist effects are merged into one with the stronger durability.
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
