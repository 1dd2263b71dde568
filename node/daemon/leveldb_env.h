// DurableLogEnv: LevelDB's environment with one gap closed. LevelDB drops a full write-ahead log
// without syncing it while it starts the next one, so that a synced write in the new log can
// outlive unsynced ones in the old. Here a log is synced before it is closed. SilentLogger: no LOG
// files among the data. Used by LevelDbStorage; thread-safe as leveldb::Env is.
#pragma once

#include <leveldb/comparator.h>
#include <leveldb/env.h>

#include <atomic>

namespace parley {

class DurableLogEnv final : public leveldb::EnvWrapper {
 public:
    DurableLogEnv() : leveldb::EnvWrapper(leveldb::Env::Default()) {}

    leveldb::Status NewWritableFile(const std::string& path,
                                    leveldb::WritableFile** result) override;

    /// A log could not be synced at its end: nothing may be promised any more.
    bool failed() const { return failed_.load(std::memory_order_acquire); }
    void set_failed() { failed_.store(true, std::memory_order_release); }

 private:
    std::atomic<bool> failed_{false};
};

class SilentLogger final : public leveldb::Logger {
 public:
    void Logv(const char*, std::va_list) override {}
};

/// Plain byte order under a name of our own, which tells our directories from other programs'.
const leveldb::Comparator* parley_comparator();

}  // namespace parley
