// LevelDbStorage: a Storage over a LevelDB directory and, optionally, a directory of numbered
// files. LevelDbDirectory: one such store per wallet. They do not interpret what they store.
// Created by the daemon, used by the node on the core thread; writes are done by the StorageThread.
//
// Directories created here carry the name of our own comparator, so LevelDB refuses directories of
// other programs before anything in them is changed, and other programs refuse ours.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/storage/storage.h"
#include "node/daemon/storage/numbered_files.h"
#include "node/daemon/storage/storage_thread.h"

namespace parley {

struct LevelDbOptions {
    std::string directory;                ///< of LevelDB; created (one level) if missing
    std::string files_directory;          ///< of the numbered files; empty: the store has none
    ObfuscationKey files_key{};           ///< of the numbered files
    size_t cache_bytes = 1 << 20;         ///< cache of uncompressed table blocks
    size_t write_buffer_bytes = 1 << 20;  ///< memory for recent writes; up to twice this
    bool bloom_filter = false;            ///< 10 bits per key; avoids most reads of absent keys
    bool files_may_be_there = false;      ///< allow numbered files without a store (reindex)
    /// What the user does about a damaged store, as a sentence.
    std::string remedy = "Restore it from a copy; the other data is not affected.";
    bool create = true;  ///< false: a missing directory is an error
    /// Called on the storage thread after each write; null: nothing is.
    std::function<void()> after_write{};
};

class LevelDbStorage final : public Storage, private CommitTarget {
 public:
    /// The error's message is a sentence for the user. A directory that belongs to another program,
    /// is in use, or is damaged is not changed.
    static Expected<std::unique_ptr<LevelDbStorage>, StorageError> open(
        const LevelDbOptions& options, StorageThread& thread);

    /// Waits until its last commit is synced.
    ~LevelDbStorage() override;

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override;
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override;
    Expected<std::unique_ptr<const StorageSnapshot>, StorageError> snapshot(
        ByteSpan prefix) const override;
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override;
    Expected<uint64_t, StorageError> file_size(FileId file) const override;
    uint64_t keys_size_on_disk() const override;
    CommitId commit(WriteBatch batch, Durability durability) override;

 private:
    struct Database;  // keeps LevelDB's headers out of this one

    LevelDbStorage(std::unique_ptr<Database> database, StorageThread& thread);

    Expected<void, StorageError> apply(std::span<const WriteBatch* const> batches,
                                       bool sync) override;
    void on_written(CommitId commit) override {
        written_.store(commit.value(), std::memory_order_release);
    }
    void forget_written() const;

    struct Overlay;
    class Snapshot;
    Snapshot take_snapshot(ByteSpan prefix) const;

    const std::unique_ptr<Database> database_;
    StorageThread& thread_;
    std::atomic<uint64_t> written_{0};  // set by the storage thread, read by the core
    // Core thread only:
    const std::unique_ptr<Overlay> overlay_;
    CommitId last_commit_{0};
};

class LevelDbDirectory final : public StorageDirectory {
 public:
    /// `directory` is created with the first store in it. `thread` must outlive the stores.
    /// `elsewhere`: a name that is an absolute path is that of a store there, not below.
    LevelDbDirectory(std::string directory, StorageThread& thread, bool elsewhere);

    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override;
    bool exists(const std::string& name) const override;
    std::vector<std::string> list() const override;

 private:
    /// The empty name is the directory itself.
    std::string path_of(const std::string& name) const;

    const std::string directory_;
    const bool elsewhere_;
    StorageThread& thread_;
};

}  // namespace parley
