// StoreEnv: LevelDB's environment for one store, with two things added.
//
// A gap closed: LevelDB drops a full write-ahead log without syncing it while it starts the next
// one, so that a synced write in the new log could outlive unsynced ones in the old. Here a log is
// synced before it is closed.
//
// A mark of a clean end: a store that was closed in order has the file CLEAN_SHUTDOWN. Only then
// are its logs appended to at the next start (Options::reuse_logs); behind the torn end that a
// crash may leave, LevelDB would append records that it cannot read back. It spares a start several
// syncs, and a start that is refused leaves every file as it was. The mark is removed, durably,
// before the first change of any file.
//
// A new store without waiting: LevelDB syncs six times while it makes an empty database, of which
// nothing has been promised to anybody. These syncs are put off until settle(), which the storage
// thread calls before the first commit that must be on the disk.
//
// Used by LevelDbStorage; thread-safe as leveldb::Env is. SilentLogger: no LOG files among the
// data.
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

    /// The last user closed the store in order, and nothing has changed since.
    bool clean() const { return clean_.load(std::memory_order_acquire); }
    /// REQUIRES: LevelDB is closed, and all it wrote is synced.
    void mark_clean();

    /// The store is being made: syncs are put off until settle().
    bool unsettled() const { return unsettled_.load(std::memory_order_acquire); }
    /// Puts everything that was put off on the disk. False: that failed, and so has the store.
    bool settle();

    /// Something that had to be synced could not be: nothing may be promised any more.
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
    std::mutex mutex_;  // of the mark's removal, and of settle()
};

class SilentLogger final : public leveldb::Logger {
 public:
    void Logv(const char*, std::va_list) override {}
};

/// Plain byte order under a name of our own, which tells our directories from other programs'.
const leveldb::Comparator* parley_comparator();

}  // namespace parley
