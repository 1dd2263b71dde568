#include "node/daemon/files/settings_store.h"

#include "node/daemon/system/replace_file.h"

namespace parley {

Expected<void, std::string> SettingsStore::open(LogSink& log) {
    const std::lock_guard lock(mutex_);
    auto file = read_settings_file(path_);
    if (!file) return Unexpected(file.error());
    file_ = std::move(*file);
    for (const std::string& line : file_.log_lines()) log.info(LogCategory::general, "{}", line);
    if (path_.empty()) return {};
    if (std::string problem = replace_file(path_, as_bytes(file_.text())); !problem.empty())
        return Unexpected(std::move(problem));
    return {};
}

bool SettingsStore::set_wallet(const std::string& name, bool loaded_at_start, LogSink& log) {
    const std::lock_guard lock(mutex_);
    if (path_.empty()) return false;
    SettingsFile changed = file_;
    if (!changed.set_wallet(name, loaded_at_start)) return true;
    if (const std::string problem = replace_file(path_, as_bytes(changed.text()));
        !problem.empty()) {
        log.error(LogCategory::wallet, "The list of wallets to load was not stored. {}", problem);
        return false;
    }
    file_ = std::move(changed);
    return true;
}

}  // namespace parley
