// RecordedDisk: what a disk is told by the stores of a node, one operation after another, and what
// it holds when the machine stops between any two of them. It follows the rules that the daemon's
// storage thread keeps: a commit's file writes come before its keys, the keys are one atomic step,
// files are removed after it, a synced commit puts everything before it on the disk. For tests of
// chain/ only.
//
// Beside the simulator's FaultDisk (node/simulator/fault_disk.h), because it answers another
// question. That disk is at one moment, and draws what a crash at that moment leaves. This one
// keeps a whole history, so that one run is stopped at each of its operations, in each way, without
// being run again: every point is covered, not a sample. It has no time and no failing writes.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/storage/memory_storage.h"

namespace parley {

class RecordedDisk {
 public:
    static constexpr size_t kStores = 2;  ///< blocks, coins
    using Image = std::array<std::shared_ptr<MemoryStorage>, kStores>;

    /// How the machine stops.
    enum class Stop : uint8_t {
        kill,         ///< the process ends: what was written stays, the last file write is torn
        power_least,  ///< the power fails: of what was not synced, nothing stays but a torn piece
        power_some    ///< the same, but pieces of it stay, in any combination of files and keys
    };

    /// One thing that the disk is told.
    struct Operation {
        enum class Kind : uint8_t { write_file, keys, sync, remove_file };
        Kind kind = Kind::keys;
        size_t store = 0;
        WriteBatch batch;  ///< of this operation alone; empty for a sync (which is of all stores)
    };

    RecordedDisk() : RecordedDisk(empty_image()) {}
    /// All of this is safe on the disk already.
    explicit RecordedDisk(const Image& safe) : safe_(copy(safe)) {}
    /// The disk of a process that was killed after `count` operations: what it did not sync may
    /// still be lost.
    RecordedDisk(const RecordedDisk& killed, size_t count, Random& random)
        : safe_(copy(killed.safe_)) {
        const auto& told = killed.operations_;
        operations_.assign(told.begin(), told.begin() + static_cast<ptrdiff_t>(count));
        if (count < told.size()) {
            if (auto piece = torn(told[count], random)) operations_.push_back(std::move(*piece));
        }
    }

    /// A Storage that records what it is told, and answers as one that never fails.
    std::shared_ptr<Storage> store(size_t number) {
        return std::make_shared<Recorder>(*this, number, *written(operations_.size())[number]);
    }

    const std::vector<Operation>& operations() const { return operations_; }

    /// What is there when the machine stops after `count` operations, with the next one torn.
    Image image(size_t count, Stop stop, Random& random) const {
        size_t synced = 0;
        for (size_t i = 0; i < count; ++i) {
            if (operations_[i].kind == Operation::Kind::sync) synced = i + 1;
        }
        const size_t sure = stop == Stop::kill ? count : synced;
        Image image = written(sure);
        if (stop == Stop::power_some) apply_some(image, sure, count, random);
        // A file write that nothing says to be there is torn; keys are whole or absent.
        if (count < operations_.size()) apply_torn(image, operations_[count], random);
        return image;
    }

 private:
    class Recorder final : public Storage {
     public:
        Recorder(RecordedDisk& disk, size_t number, MemoryStorage contents)
            : disk_(disk), number_(number), memory_(std::move(contents)) {}

        Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
            return memory_.get(key);
        }
        Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
            return memory_.scan(prefix, visitor);
        }
        Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                                size_t size) const override {
            return memory_.read_file(file, offset, size);
        }
        Expected<uint64_t, StorageError> file_size(FileId file) const override {
            return memory_.file_size(file);
        }
        CommitId commit(WriteBatch batch, Durability durability) override {
            disk_.record(number_, batch, durability);
            return memory_.commit(std::move(batch), durability);
        }

     private:
        RecordedDisk& disk_;
        const size_t number_;
        MemoryStorage memory_;
    };

    void record(size_t store, const WriteBatch& batch, Durability durability) {
        const auto sync = [&] { operations_.push_back({Operation::Kind::sync, store, {}}); };
        const bool synced = durability == Durability::synced;
        if (synced) sync();
        WriteBatch keys;
        std::vector<Operation> removals;
        for (const auto& operation : batch.operations()) {
            if (const auto* write = std::get_if<WriteBatch::FileWrite>(&operation)) {
                WriteBatch one;
                one.write_file(write->file, write->offset, write->data);
                operations_.push_back({Operation::Kind::write_file, store, std::move(one)});
            } else if (const auto* remove = std::get_if<WriteBatch::FileRemove>(&operation)) {
                WriteBatch one;
                one.remove_file(remove->file);
                removals.push_back({Operation::Kind::remove_file, store, std::move(one)});
            } else {
                keys.operations().push_back(operation);
            }
        }
        if (synced) sync();
        if (!keys.empty()) operations_.push_back({Operation::Kind::keys, store, std::move(keys)});
        if (synced) sync();
        for (auto& removal : removals) operations_.push_back(std::move(removal));
    }

    static Image empty_image() {
        return {std::make_shared<MemoryStorage>(), std::make_shared<MemoryStorage>()};
    }

    static Image copy(const Image& image) {
        return {std::make_shared<MemoryStorage>(*image[0]),
                std::make_shared<MemoryStorage>(*image[1])};
    }

    Image written(size_t count) const {
        Image image = copy(safe_);
        for (size_t i = 0; i < count; ++i) apply(image, operations_[i]);
        return image;
    }

    static void apply(Image& image, const Operation& operation) {
        if (operation.kind != Operation::Kind::sync)
            image[operation.store]->commit(operation.batch, Durability::written);
    }

    // Keys reach the disk in their order, file by file; file writes as the system likes.
    void apply_some(Image& image, size_t first, size_t last, Random& random) const {
        std::array<bool, kStores> keys_lost{};
        for (size_t i = first; i < last; ++i) {
            const Operation& operation = operations_[i];
            if (operation.kind == Operation::Kind::keys) {
                keys_lost[operation.store] |= random.uniform(8) == 0;
                if (!keys_lost[operation.store]) apply(image, operation);
            } else if (random.uniform(2) == 0) {
                apply(image, operation);
            } else {
                apply_torn(image, operation, random);
            }
        }
    }

    static void apply_torn(Image& image, const Operation& operation, Random& random) {
        if (const auto piece = torn(operation, random)) apply(image, *piece);
    }

    // The first bytes of a file write; of anything else there is no part.
    static std::optional<Operation> torn(const Operation& operation, Random& random) {
        if (operation.kind != Operation::Kind::write_file) return std::nullopt;
        const auto& write = std::get<WriteBatch::FileWrite>(operation.batch.operations()[0]);
        const auto size = static_cast<ptrdiff_t>(random.uniform(write.data.size()));
        WriteBatch piece;
        piece.write_file(write.file, write.offset, {write.data.begin(), write.data.begin() + size});
        return Operation{Operation::Kind::write_file, operation.store, std::move(piece)};
    }

    const Image safe_;
    std::vector<Operation> operations_;
};

}  // namespace parley
