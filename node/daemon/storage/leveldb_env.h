// StoreEnv: LevelDB's environment for one store, with three additions.
//
// Log sync: LevelDB drops a full write-ahead log without syncing it when it starts the next one, so
// a synced write in the new log could survive while unsynced ones in the old log are lost. Here a
// log is synced before it is closed.
//
// Clean-shutdown mark: a store that was closed cleanly contains the file CLEAN_SHUTDOWN. Only then
// does the next start append to its logs (Options::reuse_logs): after a torn end, as a crash may
// leave, LevelDB would append records that it cannot read back. The mark saves several syncs at
// start-up, and a refused start leaves every file unchanged. It is removed, durably, before the
// first change of any file.
//
// Fast creation: LevelDB syncs six times while creating an empty database, of which nobody depends
// on anything yet. These syncs are postponed until settle(), which the storage thread calls before
// the first commit that must be on disk.
//
// Used by LevelDbStorage; thread-safe like leveldb::Env. SilentLogger: keeps LOG files out of the
// data directory.
#pragma once

#include <leveldb/comparator.h>
#include <leveldb/env.h>

#include <atomic>
#include <mutex>
#include <string>

namespace parley {

class StoreEnv final : public leveldb::EnvWrapper {
 public:
    explicit StoreEnv(std::string directory);

    /// The store was closed cleanly last time, and has not been changed since.
    bool clean() const { return clean_.load(std::memory_order_acquire); }
    /// REQUIRES: LevelDB is closed, and everything it wrote is synced.
    void mark_clean();

    /// The store is being created: syncs are postponed until settle().
    bool unsettled() const { return unsettled_.load(std::memory_order_acquire); }
    /// Does the postponed syncs. False: a sync failed, and so has the store.
    bool settle();

    /// A required sync failed: no further durability may be promised.
    bool failed() const { return failed_.load(std::memory_order_acquire); }
    void set_failed() { failed_.store(true, std::memory_order_release); }

    /// Called before every change.
    void before_change();

    leveldb::Status NewWritableFile(const std::string& path,
                                    leveldb::WritableFile** result) override;
    leveldb::Status NewAppendableFile(const std::string& path,
                                      leveldb::WritableFile** result) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;

 private:
    const std::string directory_;
    const std::string mark_path_;
    std::atomic<bool> clean_{false};
    std::atomic<bool> unsettled_{false};
    std::atomic<bool> failed_{false};
    std::mutex mutex_;  // for removing the mark, and for settle()
};

class SilentLogger final : public leveldb::Logger {
 public:
    void Logv(const char*, std::va_list) override {}
};

/// Bytewise order under our own name, which distinguishes our directories from other programs'.
const leveldb::Comparator* parley_comparator();

}  // namespace parley
