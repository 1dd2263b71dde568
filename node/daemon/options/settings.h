// Settings: the user's settings by option name, from four sources: command line, settings.json, the
// chain's section of the configuration file, and its global section; the first source that contains
// an option wins. As in bitcoind, the last value on the command line counts, but the first one in
// the file. Values are texts, interpreted by daemon_options.cpp.
//
// Filled by config_file.cpp. Constant while the options are read, hence thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace parley {

class Settings {
 public:
    /// One occurrence of an option. `-nox` is the same as `-x=0`; `-x` is `-x=` with an empty
    /// value.
    struct Value {
        std::string text;
        bool negated = false;
    };
    enum class Source : uint8_t { command_line, settings_json, file };
    static constexpr size_t kSources = 3;

    /// Call in order of occurrence. `section` is empty except for entries of the file.
    void add(Source source, std::string_view section, std::string_view name, Value value);

    /// Selects the sections that apply: the global one and the chain's. On chains other than main,
    /// the global section does not set ports and peers (bitcoind's network-only options).
    void select_chain(std::string_view chain) { chain_ = chain; }

    bool has(std::string_view name) const { return find(name).has_value(); }
    /// Empty: not set.
    std::optional<Value> find(std::string_view name) const;
    /// All values; a negation discards the values before it in its source, and in lower-ranking
    /// sources.
    std::vector<std::string> list(std::string_view name) const;

    /// Visits every occurrence: add() in this order makes a copy.
    void for_each(const std::function<void(Source, std::string_view section, std::string_view name,
                                           const Value&)>& visitor) const;

    /// A sentence about options of one network in the global section of the file, which would not
    /// count on the chosen chain. Empty: there are none.
    std::optional<std::string> misplaced() const;
    /// Warnings for the log: unknown keys in the file.
    const std::vector<std::string>& warnings() const { return warnings_; }
    void add_warning(std::string warning) { warnings_.push_back(std::move(warning)); }

    /// Sentences for stderr that do not prevent a start.
    const std::vector<std::string>& notices() const { return notices_; }
    void add_notice(std::string notice) { notices_.push_back(std::move(notice)); }

    /// For the log: each entry of a file or of the command line, as bitcoind writes them: "Config
    /// file arg: [regtest] rpcport="1"". What is secret is left out.
    std::vector<std::string> log_lines() const;

    /// Names set in any applicable section, in alphabetical order.
    std::vector<std::string> mentioned() const;

 private:
    struct Entry {
        Source source;
        std::string section;
        Value value;
    };
    /// The rank of the entry for the selected chain (the lowest wins); empty: it does not apply.
    std::optional<int> rank(std::string_view name, const Entry& entry) const;

    std::map<std::string, std::vector<Entry>, std::less<>> entries_;
    std::string chain_ = "main";
    std::vector<std::string> warnings_;
    std::vector<std::string> notices_;
};

}  // namespace parley
