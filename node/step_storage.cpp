#include "node/step_storage.h"

#include <utility>

namespace parley {
namespace {

/// A StepStorage that owns what it passes to.
class OwningStepStorage final : public Storage {
 public:
    OwningStepStorage(std::unique_ptr<Storage> host, Effects& effects)
        : host_(std::move(host)), step_(*host_, effects) {}

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
        return step_.commit(std::move(batch), durability);
    }

 private:
    std::unique_ptr<Storage> host_;
    StepStorage step_;
};

}  // namespace

CommitId StepStorage::commit(WriteBatch batch, Durability durability) {
    const CommitId id = host_.commit(std::move(batch), durability);
    // Barriers with nothing between them merge into the stronger one.
    if (!effects_.empty()) {
        if (auto* last = std::get_if<effect::Persist>(&effects_.back())) {
            if (durability == Durability::synced) last->durability = durability;
            return id;
        }
    }
    effects_.push_back(effect::Persist{durability});
    return id;
}

Expected<std::unique_ptr<Storage>, StorageError> StepStorageDirectory::open(const std::string& name,
                                                                            Mode mode) {
    auto opened = host_.open(name, mode);
    if (!opened) return Unexpected(opened.error());
    return std::unique_ptr<Storage>{
        std::make_unique<OwningStepStorage>(std::move(*opened), effects_)};
}

}  // namespace parley
