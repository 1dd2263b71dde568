// SettingsStore: settings.json on disk while the node runs. Each change is on disk before its call
// returns. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "base/log.h"
#include "node/daemon/options/settings_file.h"

namespace parley {

class SettingsStore {
 public:
    /// Empty path: -nosettings; nothing is kept.
    explicit SettingsStore(std::string path) : path_(std::move(path)) {}

    /// Reads the file and writes it, so that a new data directory has one, as with bitcoind. Call
    /// once, with the directory locked. The error is a sentence.
    Expected<void, std::string> open(LogSink& log);
    /// Whether a wallet is loaded at the next start. False: it could not be stored.
    bool set_wallet(const std::string& name, bool loaded_at_start, LogSink& log);

 private:
    const std::string path_;
    std::mutex mutex_;
    SettingsFile file_;  // guarded by mutex_
};

}  // namespace parley
