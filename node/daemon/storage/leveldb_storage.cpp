#include "node/daemon/storage/leveldb_storage.h"

#include <fmt/format.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/check.h"
#include "node/daemon/storage/leveldb_env.h"
#include "node/daemon/storage/numbered_files.h"
#include "node/daemon/storage/write_overlay.h"
#include "node/daemon/system/system_error.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

// A table file has 2 MiB, so this many keep a UTXO set of 128 MB open.
constexpr int kOpenTablesMax = 64;
constexpr int kBloomBitsPerKey = 10;  // about 1 % false positives

// LevelDB compares slices with memcmp, which may not be given a null pointer even for no bytes.
leveldb::Slice slice(ByteSpan bytes) {
    if (bytes.empty()) return {};
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ByteSpan span(const leveldb::Slice& slice) {
    return {reinterpret_cast<const uint8_t*>(slice.data()), slice.size()};
}

// Verifies the checksums of table blocks, so that corruption on disk is an error and never a wrong
// value.
leveldb::ReadOptions checked_read() {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    return options;
}

StorageError database_error(const leveldb::Status& status, const std::string& directory,
                            const std::string& remedy) {
    std::string detail = status.ToString();
    // A damaged file name may contain anything; the message must stay on one line.
    std::replace_if(
        detail.begin(), detail.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    if (status.IsInvalidArgument() && detail.find("comparator") != std::string::npos)
        return {
            StorageError::Code::corruption,
            fmt::format("{} contains a database of another program. Choose another -datadir, or "
                        "move that directory away.",
                        directory)};
    if (status.IsCorruption() || status.IsInvalidArgument() || status.IsNotFound())
        return {StorageError::Code::corruption,
                fmt::format("LevelDB error: {}. The database in {} is damaged. {}", detail,
                            directory, remedy)};
    if (detail.starts_with("IO error: lock "))
        return {StorageError::Code::io,
                fmt::format("Unable to obtain an exclusive lock on the database in {}, is it being "
                            "used by another instance of Parley?",
                            directory)};
    if (detail.find("Too many open files") != std::string::npos)
        return {StorageError::Code::io,
                fmt::format("The database in {} cannot be used ({}). Unload wallets, or raise the "
                            "limit of open files (ulimit -n) and start again.",
                            directory, detail)};
    return {StorageError::Code::io,
            fmt::format("The database in {} cannot be used ({}). Check that no other process uses "
                        "it, check the disk and its free space, and start again.",
                        directory, detail)};
}

bool has_file(const std::string& directory, bool (*matches)(const fs::path&)) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        if (matches(entry->path())) return true;
    }
    return false;
}

bool is_table_or_log(const fs::path& path) {
    const auto extension = path.extension();
    return extension == ".ldb" || extension == ".sst" || extension == ".log";
}

bool is_numbered_file(const fs::path& path) {
    const std::string name = path.filename().string();
    return (name.starts_with("blk") || name.starts_with("rev")) && name.ends_with(".dat");
}

// If CURRENT is missing, LevelDB would create a new database and delete the unknown tables, and the
// node would then overwrite the block files.
std::optional<StorageError> refuse_to_begin_anew(const LevelDbOptions& options) {
    if (fs::exists(options.directory + "/CURRENT")) return std::nullopt;
    if (!options.create)
        return StorageError{StorageError::Code::io,
                            fmt::format("There is no database in {}.", options.directory)};
    if (has_file(options.directory, is_table_or_log))
        return StorageError{StorageError::Code::corruption,
                            fmt::format("The database in {} is damaged (CURRENT is missing). {}",
                                        options.directory, options.remedy)};
    if (!options.files_may_be_there && !options.files_directory.empty() &&
        has_file(options.files_directory, is_numbered_file))
        return StorageError{
            StorageError::Code::corruption,
            fmt::format("{} contains block files without their index {}. {}",
                        options.files_directory, options.directory, options.remedy)};
    return std::nullopt;
}

// What was written last is in a log only, which an orderly restart does not turn into a table.
uint64_t logs_size(const std::string& directory) {
    uint64_t size = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code gone;
        const auto bytes = entry->file_size(gone);
        if (!gone && entry->path().extension() == ".log") size += bytes;
    }
    return size;
}

}  // namespace

struct LevelDbStorage::Database {
    explicit Database(const LevelDbOptions& options)
        : directory(options.directory),
          remedy(options.remedy),
          after_write(options.after_write),
          env(options.directory),
          cache(leveldb::NewLRUCache(options.cache_bytes)),
          writer(options.files_directory, !env.clean(), options.files_key),
          reader(options.files_directory, options.files_key) {
        if (options.bloom_filter) filter.reset(leveldb::NewBloomFilterPolicy(kBloomBitsPerKey));
    }

    const std::string directory;
    const std::string remedy;
    const std::function<void()> after_write;
    StoreEnv env;
    SilentLogger logger;
    const std::unique_ptr<leveldb::Cache> cache;
    std::unique_ptr<const leveldb::FilterPolicy> filter;
    std::unique_ptr<leveldb::DB> db;
    NumberedFileWriter writer;  // storage thread
    NumberedFileReader reader;  // core thread
};

struct LevelDbStorage::Overlay : WriteOverlay {};

Expected<std::unique_ptr<LevelDbStorage>, StorageError> LevelDbStorage::open(
    const LevelDbOptions& options, StorageThread& thread) {
    std::error_code error;
    if (options.create) fs::create_directories(options.directory, error);
    if (error) return Unexpected(io_error("create", options.directory, error.value()));
    if (auto refused = refuse_to_begin_anew(options)) return Unexpected(std::move(*refused));

    auto database = std::make_unique<Database>(options);
    leveldb::Options settings;
    settings.comparator = parley_comparator();
    settings.create_if_missing = options.create;
    settings.paranoid_checks = true;
    settings.reuse_logs = database->env.clean();
    settings.env = &database->env;
    settings.info_log = &database->logger;
    settings.write_buffer_size = options.write_buffer_bytes;
    settings.max_open_files = kOpenTablesMax;
    settings.block_cache = database->cache.get();
    settings.filter_policy = database->filter.get();
    settings.compression = leveldb::kNoCompression;  // hashes and keys do not compress
    leveldb::DB* db = nullptr;
    const auto status = leveldb::DB::Open(settings, options.directory, &db);
    database->db.reset(db);
    if (!status.ok()) return Unexpected(database_error(status, options.directory, options.remedy));
    return std::unique_ptr<LevelDbStorage>(new LevelDbStorage(std::move(database), thread));
}

LevelDbStorage::LevelDbStorage(std::unique_ptr<Database> database, StorageThread& thread)
    : database_(std::move(database)), thread_(thread), overlay_(std::make_unique<Overlay>()) {}

LevelDbStorage::~LevelDbStorage() {
    thread_.detach(*this);
    database_->db.reset();
    if (!thread_.failed()) database_->env.mark_clean();
}

void LevelDbStorage::forget_written() const {
    overlay_->remove_written(CommitId{written_.load(std::memory_order_acquire)});
}

Expected<std::optional<Bytes>, StorageError> LevelDbStorage::get(ByteSpan key) const {
    // A commit leaves the overlay only after it is in LevelDB, so one of the two has the value.
    if (const auto* entry = overlay_->find(key)) {
        return entry->value != nullptr ? std::optional<Bytes>{*entry->value}
                                       : std::optional<Bytes>{};
    }
    std::string value;
    const auto status = database_->db->Get(checked_read(), slice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>{};
    if (!status.ok())
        return Unexpected(database_error(status, database_->directory, database_->remedy));
    return std::optional<Bytes>{to_bytes(as_bytes(value))};
}

// The iterator sees LevelDB as it was when it was created; commits that were pending then are in
// `pending_`, whether or not they have been written since.
class LevelDbStorage::Snapshot final : public StorageSnapshot {
 public:
    Snapshot(const Database& database, ByteSpan prefix, WriteOverlay::Snapshot pending)
        : database_(database), prefix_(to_bytes(prefix)), pending_(std::move(pending)) {
        leveldb::ReadOptions options = checked_read();
        options.fill_cache = false;  // a scan would evict blocks that single reads use repeatedly
        iterator_.reset(database.db->NewIterator(options));
    }

    Expected<void, StorageError> scan(const Visitor& visitor) const override {
        auto newer = pending_.entries.begin();
        const auto end = pending_.entries.end();
        const auto visit_newer = [&] {
            const auto& [key, value] = *newer++;
            return value == nullptr || visitor(key, *value);
        };
        const leveldb::Slice prefix = slice(prefix_);
        for (iterator_->Seek(prefix); iterator_->Valid() && iterator_->key().starts_with(prefix);
             iterator_->Next()) {
            const leveldb::Slice key = iterator_->key();
            while (newer != end && slice(newer->first).compare(key) < 0) {
                if (!visit_newer()) return {};
            }
            if (newer != end && slice(newer->first) == key) {
                if (!visit_newer()) return {};
            } else if (!visitor(span(key), span(iterator_->value()))) {
                return {};
            }
        }
        if (!iterator_->status().ok())
            return Unexpected(
                database_error(iterator_->status(), database_.directory, database_.remedy));
        while (newer != end) {
            if (!visit_newer()) return {};
        }
        return {};
    }

 private:
    const Database& database_;
    Bytes prefix_;
    WriteOverlay::Snapshot pending_;
    std::unique_ptr<leveldb::Iterator> iterator_;
};

LevelDbStorage::Snapshot LevelDbStorage::take_snapshot(ByteSpan prefix) const {
    forget_written();
    return {*database_, prefix, overlay_->snapshot(prefix)};
}

Expected<void, StorageError> LevelDbStorage::scan(ByteSpan prefix, const Visitor& visitor) const {
    return take_snapshot(prefix).scan(visitor);
}

Expected<std::unique_ptr<const StorageSnapshot>, StorageError> LevelDbStorage::snapshot(
    ByteSpan prefix) const {
    return std::unique_ptr<const StorageSnapshot>{
        std::make_unique<Snapshot>(take_snapshot(prefix))};
}

Expected<Bytes, StorageError> LevelDbStorage::read_file(FileId file, uint64_t offset,
                                                        size_t size) const {
    forget_written();
    // Reads the disk first and then overlays commits that may not be on disk yet, because the
    // storage thread may be writing the same bytes now.
    Bytes result(size);
    const auto on_disk = database_->reader.read(file, offset, result);
    if (!on_disk) return Unexpected(on_disk.error());
    if (*on_disk < size && overlay_->file_end(file) < offset + size)
        return Unexpected(
            StorageError{StorageError::Code::corruption,
                         fmt::format("{} is shorter than its index says. {}",
                                     numbered_file_path(database_->writer.directory(), file),
                                     database_->remedy)});
    overlay_->apply_file_writes(file, offset, result);
    return result;
}

Expected<uint64_t, StorageError> LevelDbStorage::file_size(FileId file) const {
    forget_written();
    const auto on_disk = database_->reader.size(file);
    if (!on_disk) return on_disk;
    return std::max(*on_disk, overlay_->file_end(file));
}

uint64_t LevelDbStorage::keys_size_on_disk() const {
    const std::string last(64, '\xff');
    const leveldb::Range all(leveldb::Slice{}, last);
    uint64_t size = 0;
    database_->db->GetApproximateSizes(&all, 1, &size);
    return size + logs_size(database_->directory);
}

CommitId LevelDbStorage::commit(WriteBatch batch, Durability durability) {
    forget_written();
    size_t bytes = 0;
    for (const auto& operation : batch.operations()) {
        bytes += sizeof operation;
        if (const auto* put = std::get_if<WriteBatch::Put>(&operation))
            bytes += put->key.size() + put->value.size();
        else if (const auto* write = std::get_if<WriteBatch::FileWrite>(&operation))
            bytes += write->data.size();
        else if (const auto* remove = std::get_if<WriteBatch::FileRemove>(&operation))
            database_->reader.forget(remove->file);
    }
    const auto shared = std::make_shared<const WriteBatch>(std::move(batch));
    overlay_->add(++last_commit_, shared);
    thread_.commit(*this, last_commit_, shared, bytes, durability);
    return last_commit_;
}

Expected<void, StorageError> LevelDbStorage::apply(std::span<const WriteBatch* const> batches,
                                                   bool sync) {
    leveldb::WriteBatch keys;
    std::vector<FileId> removed;
    for (const WriteBatch* batch : batches) {
        for (const auto& operation : batch->operations()) {
            if (const auto* put = std::get_if<WriteBatch::Put>(&operation)) {
                keys.Put(slice(put->key), slice(put->value));
            } else if (const auto* erase = std::get_if<WriteBatch::Erase>(&operation)) {
                keys.Delete(slice(erase->key));
            } else if (const auto* write = std::get_if<WriteBatch::FileWrite>(&operation)) {
                CHECK(!database_->writer.directory().empty());
                if (auto done = database_->writer.write(write->file, write->offset, write->data);
                    !done)
                    return done;
            } else {
                removed.push_back(std::get<WriteBatch::FileRemove>(operation).file);
            }
        }
    }
    if (sync) {
        if (auto done = database_->writer.sync(); !done) return done;
        if (!database_->env.settle())
            return Unexpected(io_error("sync", database_->directory, EIO));
    }
    leveldb::WriteOptions options;
    options.sync = sync;  // an empty batch with sync writes the whole log to disk
    const auto status = database_->db->Write(options, &keys);
    if (!status.ok())
        return Unexpected(database_error(status, database_->directory, database_->remedy));
    if (database_->env.failed())
        return Unexpected(StorageError{
            StorageError::Code::io,
            fmt::format("A log of the database in {} could not be synced. Check the disk before "
                        "starting again.",
                        database_->directory)});
    for (const FileId file : removed) {
        if (auto done = database_->writer.remove(file); !done) return done;
    }
    if (database_->after_write) database_->after_write();
    return {};
}

}  // namespace parley
