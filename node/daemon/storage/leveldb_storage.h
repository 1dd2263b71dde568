// LevelDbStorage: a Storage over one LevelDB directory and, where asked for, a directory of
// numbered files. LevelDbDirectory: one such store for each wallet. They know nothing of what is
// stored. Created by the daemon, used by the node on the core thread; the writes happen on the
// StorageThread.
//
// A directory made here carries its own comparator's name, so that LevelDB itself refuses the
// directories of other programs before anything is changed in them, and theirs refuses ours.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/storage/storage.h"
#include "node/daemon/storage/storage_thread.h"

namespace parley {

struct LevelDbOptions {
    std::string directory;                ///< of LevelDB; created (one level) when it is absent
    std::string files_directory;          ///< of the numbered files; empty: the store has none
    size_t cache_bytes = 1 << 20;         ///< of uncompressed table blocks kept for reads
    size_t write_buffer_bytes = 1 << 20;  ///< of the newest writes kept in memory; twice at most
    bool bloom_filter = false;        ///< spend 10 bits a key to spare most reads of absent keys
    bool files_may_be_there = false;  ///< numbered files without a store: the store is made anew
    bool create = true;               ///< false: an absent directory is an error
};

class LevelDbStorage final : public Storage, private CommitTarget {
 public:
    /// The error's message is a sentence for the user. Nothing is changed in a directory that
    /// belongs to another program, is in use, or is damaged.
    static Expected<std::unique_ptr<LevelDbStorage>, StorageError> open(
        const LevelDbOptions& options, StorageThread& thread);

    /// Waits until its last commit is synced.
    ~LevelDbStorage() override;

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override;
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override;
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override;
    Expected<uint64_t, StorageError> file_size(FileId file) const override;
    uint64_t keys_size_on_disk() const override;
    CommitId commit(WriteBatch batch, Durability durability) override;

 private:
    struct Database;  // LevelDB's objects and the files; LevelDB's headers stay out of this one

    LevelDbStorage(std::unique_ptr<Database> database, StorageThread& thread);

    Expected<void, StorageError> apply(std::span<const WriteBatch* const> batches,
                                       bool sync) override;
    void on_written(CommitId commit) override {
        written_.store(commit.value(), std::memory_order_release);
    }
    void forget_written() const;

    struct Overlay;
    const std::unique_ptr<Database> database_;
    StorageThread& thread_;
    std::atomic<uint64_t> written_{0};  // by the storage thread, read by the core
    // Core thread only:
    const std::unique_ptr<Overlay> overlay_;
    CommitId last_commit_{0};
};

class LevelDbDirectory final : public StorageDirectory {
 public:
    /// `directory` is created with the first store in it. `thread` outlives the stores.
    LevelDbDirectory(std::string directory, StorageThread& thread);

    Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                          Mode mode) override;
    bool exists(const std::string& name) const override;
    std::vector<std::string> list() const override;

 private:
    const std::string directory_;
    StorageThread& thread_;
};

}  // namespace parley
