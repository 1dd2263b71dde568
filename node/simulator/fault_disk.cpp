#include "node/simulator/fault_disk.h"

#include <algorithm>

#include "base/check.h"

namespace parley::sim {
namespace {

/// Delay after which the daemon's storage thread syncs unsynced writes.
constexpr Duration kBackgroundSync = std::chrono::seconds{5};
constexpr std::string_view kWalletPrefix = "wallets/";

std::string wallet_store(const std::string& name) {
    return std::string(kWalletPrefix) + name;
}

size_t value_size(const std::optional<Bytes>& value, size_t key_size) {
    return value ? key_size + value->size() : 0;
}

}  // namespace

/// A store as seen by the node. The disk owns the contents.
class FaultDisk::Store final : public Storage {
 public:
    Store(FaultDisk& disk, Contents& contents) : disk_(disk), contents_(contents) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        if (!disk_.faulty_reads_) return contents_.memory.get(key);
        if (auto read = disk_.before_read(); !read) return Unexpected(read.error());
        auto value = contents_.memory.get(key);
        if (value && *value) disk_.flip_read(**value);
        return value;
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        if (!disk_.faulty_reads_) return contents_.memory.scan(prefix, visitor);
        if (auto read = disk_.before_read(); !read) return read;
        return contents_.memory.scan(prefix, [&](ByteSpan key, ByteSpan value) {
            Bytes copy = to_bytes(value);
            disk_.flip_read(copy);
            return visitor(key, copy);
        });
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        if (!disk_.faulty_reads_) return contents_.memory.read_file(file, offset, size);
        if (auto read = disk_.before_read(); !read) return Unexpected(read.error());
        auto data = contents_.memory.read_file(file, offset, size);
        if (data) disk_.flip_read(*data);
        return data;
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return contents_.memory.file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        return disk_.commit(contents_, std::move(batch), durability);
    }

 private:
    FaultDisk& disk_;
    Contents& contents_;
};

class FaultDisk::Directory final : public StorageDirectory {
 public:
    explicit Directory(FaultDisk& disk) : disk_(disk) {}

    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override {
        const bool create = mode == Mode::create_new;
        if (exists(name) == create) {
            return Unexpected(StorageError{StorageError::Code::io,
                                           name + (create ? " exists" : " does not exist")});
        }
        auto& contents = disk_.stores_[wallet_store(name)];
        if (create) {
            if (!contents) contents = std::make_unique<Contents>();
            contents->present = true;
            disk_.remember(*contents, false, Creation{});
        }
        return std::unique_ptr<Storage>{std::make_unique<Store>(disk_, *contents)};
    }
    bool exists(const std::string& name) const override {
        const auto found = disk_.stores_.find(wallet_store(name));
        return found != disk_.stores_.end() && found->second->present;
    }
    std::vector<std::string> list() const override {
        std::vector<std::string> names;
        for (const auto& [name, contents] : disk_.stores_) {
            if (name.starts_with(kWalletPrefix) && contents->present)
                names.push_back(name.substr(kWalletPrefix.size()));
        }
        return names;
    }

 private:
    FaultDisk& disk_;
};

FaultDisk::FaultDisk(SeededRandom random)
    : random_(random), directory_(std::make_unique<Directory>(*this)) {}

FaultDisk::~FaultDisk() = default;

Storage& FaultDisk::store(const std::string& name) {
    auto& handle = handles_[name];
    if (!handle) {
        auto& contents = stores_[name];
        contents = std::make_unique<Contents>();
        handle = std::make_unique<Store>(*this, *contents);
    }
    return *handle;
}

StorageDirectory& FaultDisk::directory() {
    return *directory_;
}

void FaultDisk::set_faults(const DiskFaults& faults) {
    faults_ = faults;
    faulty_reads_ =
        faults.fail_read != 0 || faults.read_error_ppm != 0 || faults.read_flip_ppm != 0;
    spoiled_ = spoiled_ || faults.write_flip_ppm != 0;
}

void FaultDisk::sync(CommitId through) {
    if (failure_) return;
    while (!journal_.empty() && journal_.front().commit <= through) journal_.pop_front();
}

// --- reads

Expected<void, StorageError> FaultDisk::before_read() {
    const bool counted = faults_.fail_read != 0 && --faults_.fail_read == 0;
    if (counted || drawn(faults_.read_error_ppm))
        return Unexpected(StorageError{StorageError::Code::io, "the disk cannot be read"});
    return {};
}

void FaultDisk::flip_read(Bytes& data) {
    if (drawn(faults_.read_flip_ppm)) flip_some_bit(data);
}

void FaultDisk::flip_some_bit(Bytes& data) {
    if (data.empty()) return;
    spoiled_ = true;
    const uint64_t bit = random_.uniform(data.size() * 8);
    data[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
}

// --- commits

CommitId FaultDisk::commit(Contents& store, WriteBatch batch, Durability durability) {
    ++last_commit_;
    drop_synced_by_age();
    const bool synced = durability == Durability::synced;
    const uint64_t used_before = used_bytes_;
    const size_t changes_before = journal_.size();
    for (auto& operation : batch.operations()) {
        if (auto* write = std::get_if<WriteBatch::FileWrite>(&operation))
            remember(store, synced, apply_piece(store, *write));
    }
    if (Keys keys = apply_keys(store, batch); !keys.entries.empty())
        remember(store, synced, std::move(keys));
    for (const auto& operation : batch.operations()) {
        const auto* remove = std::get_if<WriteBatch::FileRemove>(&operation);
        if (remove == nullptr) continue;
        Bytes content = store.memory.shorten_file(remove->file, 0);
        used_bytes_ -= content.size();
        remember(store, synced, Removal{remove->file, std::move(content)});
    }
    if (!failure_ && used_bytes_ > used_before && used_bytes_ > faults_.capacity_bytes) {
        failure_ = StorageError{StorageError::Code::io, "no space left on the disk"};
        for (size_t i = changes_before; i < journal_.size(); ++i) journal_[i].failed = true;
    }
    return last_commit_;
}

void FaultDisk::remember(Contents& store, bool synced, What what) {
    journal_.push_back(
        Change{&store, last_commit_, synced, failure_.has_value(), now_, std::move(what)});
}

FaultDisk::Keys FaultDisk::apply_keys(Contents& store, WriteBatch& batch) {
    Keys keys;
    const auto set = [&](Bytes& key, std::optional<Bytes> value) {
        used_bytes_ += value_size(value, key.size());
        auto before = store.memory.exchange(key, std::move(value));
        used_bytes_ -= value_size(before, key.size());
        keys.entries.emplace_back(std::move(key), std::move(before));
    };
    for (auto& operation : batch.operations()) {
        if (auto* put = std::get_if<WriteBatch::Put>(&operation)) {
            if (drawn(faults_.write_flip_ppm)) flip_some_bit(put->value);
            set(put->key, std::move(put->value));
        } else if (auto* erase = std::get_if<WriteBatch::Erase>(&operation)) {
            set(erase->key, std::nullopt);
        }
    }
    return keys;
}

FaultDisk::Piece FaultDisk::apply_piece(Contents& store, WriteBatch::FileWrite& write) {
    if (drawn(faults_.write_flip_ppm)) flip_some_bit(write.data);
    const uint64_t size = store.memory.file_size(write.file).value();
    Piece piece{write.file, write.offset, write.data.size(), size, {}};
    if (write.offset < size) {
        const uint64_t overlap = std::min<uint64_t>(size - write.offset, write.data.size());
        piece.other = store.memory.read_file(write.file, write.offset, overlap).value();
    }
    store.memory.write_file(write.file, write.offset, write.data);
    used_bytes_ += store.memory.file_size(write.file).value() - size;
    return piece;
}

/// Drops old unsynced writes from the journal: the storage thread has synced them by now, unless
/// they come after a sync that is in progress.
void FaultDisk::drop_synced_by_age() {
    while (!journal_.empty()) {
        const Change& first = journal_.front();
        if (first.synced || first.failed || first.time + kBackgroundSync > now_) return;
        journal_.pop_front();
    }
}

// --- crashes

bool FaultDisk::crash(Crash how) {
    drop_synced_by_age();
    bool lost = true;
    if (how == Crash::kill)
        lost = keep_some_after_kill();
    else
        keep_some_after_power_cut();
    last_commit_ = CommitId{0};
    failure_.reset();
    return lost;
}

/// The first change that the storage thread may not have written yet.
size_t FaultDisk::first_in_flight() const {
    const auto found = std::find_if(journal_.begin(), journal_.end(), [](const Change& change) {
        return change.synced || change.failed;
    });
    return static_cast<size_t>(found - journal_.begin());
}

/// Whether it lost a change.
bool FaultDisk::keep_some_after_kill() {
    const size_t first = first_in_flight();
    undo_from(first);
    const size_t kept = first + random_.uniform(journal_.size() - first + 1);
    size_t next = first;
    while (next < kept && !journal_[next].failed) redo(journal_[next++]);
    const bool lost = next < journal_.size();
    if (lost) redo_torn(journal_[next]);
    // A torn write stays in place, because nothing refers to it.
    while (journal_.size() > next) journal_.pop_back();
    // The next run starts a new numbering of commits; its first sync includes these.
    for (Change& change : journal_) {
        change.commit = CommitId{0};
        change.synced = false;
    }
    return lost;
}

void FaultDisk::keep_some_after_power_cut() {
    undo_from(0);
    // The keys of a synced commit reach the disk only after everything before them. So some prefix
    // of the pending syncs, possibly empty, was completed; of the next one, at most the files were
    // written.
    std::vector<size_t> syncs;
    for (size_t i = 0; i < journal_.size() && !journal_[i].failed; ++i) {
        if (journal_[i].synced && !std::holds_alternative<Piece>(journal_[i].what))
            syncs.push_back(i);
    }
    const size_t completed = random_.uniform(syncs.size() + 1);
    const size_t whole = completed == 0 ? 0 : syncs[completed - 1] + 1;
    const size_t end = completed < syncs.size() ? syncs[completed] : journal_.size();
    for (size_t i = 0; i < whole; ++i) redo(journal_[i]);
    const bool nothing_more = random_.uniform(3) == 0;
    std::vector<const Contents*> ended;  // stores whose later key batches are lost
    for (size_t i = whole; i < end && !nothing_more; ++i) {
        Change& change = journal_[i];
        if (change.failed) {
            redo_torn(change);
            break;
        }
        if (std::holds_alternative<Piece>(change.what)) {
            if (random_.uniform(2) == 0)
                redo(change);
            else
                redo_torn(change);
        } else if (std::find(ended.begin(), ended.end(), change.store) == ended.end()) {
            if (random_.uniform(8) == 0)
                ended.push_back(change.store);
            else
                redo(change);
        }
    }
    journal_.clear();
}

/// Undoes the changes from `first` on, and stores in them what redo() needs.
void FaultDisk::undo_from(size_t first) {
    for (size_t i = journal_.size(); i-- > first;) {
        Change& change = journal_[i];
        MemoryStorage& memory = change.store->memory;
        if (auto* keys = std::get_if<Keys>(&change.what)) {
            for (auto entry = keys->entries.rbegin(); entry != keys->entries.rend(); ++entry) {
                auto& [key, other] = *entry;
                used_bytes_ += value_size(other, key.size());
                other = memory.exchange(key, std::move(other));
                used_bytes_ -= value_size(other, key.size());
            }
        } else if (auto* piece = std::get_if<Piece>(&change.what)) {
            Bytes written = memory.read_file(piece->file, piece->offset, piece->length).value();
            memory.write_file(piece->file, piece->offset, piece->other);
            used_bytes_ -= memory.file_size(piece->file).value() - piece->size_before;
            memory.shorten_file(piece->file, piece->size_before);
            piece->other = std::move(written);
        } else if (auto* removal = std::get_if<Removal>(&change.what)) {
            used_bytes_ += removal->content.size();
            memory.write_file(removal->file, 0, removal->content);
        } else {
            change.store->present = false;
        }
    }
}

void FaultDisk::redo(Change& change) {
    MemoryStorage& memory = change.store->memory;
    if (auto* keys = std::get_if<Keys>(&change.what)) {
        for (auto& [key, other] : keys->entries) {
            used_bytes_ += value_size(other, key.size());
            other = memory.exchange(key, std::move(other));
            used_bytes_ -= value_size(other, key.size());
        }
    } else if (auto* piece = std::get_if<Piece>(&change.what)) {
        WriteBatch::FileWrite write{piece->file, piece->offset, std::move(piece->other)};
        const uint32_t flips = std::exchange(faults_.write_flip_ppm, 0);
        *piece = apply_piece(*change.store, write);
        faults_.write_flip_ppm = flips;
    } else if (auto* removal = std::get_if<Removal>(&change.what)) {
        removal->content = memory.shorten_file(removal->file, 0);
        used_bytes_ -= removal->content.size();
    } else {
        change.store->present = true;
    }
}

void FaultDisk::redo_torn(Change& change) {
    auto* piece = std::get_if<Piece>(&change.what);
    if (piece == nullptr || piece->length == 0) return;
    piece->length = random_.uniform(piece->length);
    if (change.failed && used_bytes_ + piece->length > faults_.capacity_bytes) return;
    piece->other.resize(piece->length);
    redo(change);
}

bool FaultDisk::flip_stored_bit(const std::string& store) {
    const auto found = stores_.find(store);
    if (found == stores_.end()) return false;
    MemoryStorage& memory = found->second->memory;
    uint64_t values = 0;
    const auto count = [&](ByteSpan, ByteSpan value) {
        values += value.empty() ? 0 : 1;
        return true;
    };
    CHECK(memory.scan({}, count));
    if (values + memory.files().size() == 0) return false;
    uint64_t chosen = random_.uniform(values + memory.files().size());
    if (chosen >= values) {
        const auto file =
            std::next(memory.files().begin(), static_cast<ptrdiff_t>(chosen - values));
        Bytes content = file->second;
        flip_some_bit(content);
        memory.write_file(file->first, 0, content);
        return true;
    }
    Bytes key;
    Bytes value;
    CHECK(memory.scan({}, [&](ByteSpan each, ByteSpan its_value) {
        if (its_value.empty() || chosen-- > 0) return true;
        key = to_bytes(each);
        value = to_bytes(its_value);
        return false;
    }));
    flip_some_bit(value);
    memory.exchange(key, std::move(value));
    return true;
}

void FaultDisk::wipe() {
    journal_.clear();
    for (auto& [name, contents] : stores_) {
        contents->memory = MemoryStorage{};
        contents->present = !name.starts_with(kWalletPrefix);
    }
    used_bytes_ = 0;
    spoiled_ = faults_.write_flip_ppm != 0;
    last_commit_ = CommitId{0};
    failure_.reset();
}

}  // namespace parley::sim
