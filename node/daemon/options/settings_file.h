// SettingsFile: settings.json of a chain's directory, in bitcoind's format: settings that users
// change through RPC, such as which wallets are loaded at the start. Values of options that Parley
// does not know stay in the file. A value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "node/daemon/options/settings.h"
#include "rpc/jsonrpc/json.h"

namespace parley {

class SettingsFile {
 public:
    /// An empty file, of a new data directory.
    SettingsFile() = default;
    /// `path` is named in errors, which are sentences.
    static Expected<SettingsFile, std::string> parse(std::string_view text, std::string_view path);

    /// Adds the values of known options; a warning for each of the others.
    Expected<void, std::string> apply(Settings& settings) const;
    /// "Setting file arg: num = 5", for the log; what is secret is left out.
    std::vector<std::string> log_lines() const;

    /// Whether `name` is among the wallets that are loaded at the start. False: it was so before.
    bool set_wallet(std::string_view name, bool loaded_at_start);

    /// The text of the file.
    std::string text() const;

 private:
    rpc::Json::Object values_;  // without the comment
};

/// Empty if there is no such file, or `path` is empty.
Expected<SettingsFile, std::string> read_settings_file(const std::string& path);

}  // namespace parley
