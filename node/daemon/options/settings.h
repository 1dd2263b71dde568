// Settings: what the user wrote, by option name, from four sources: command line, settings.json,
// the chain's section of the configuration file, and its global part; the first of these that
// names an option wins. Inside the command line the last value counts, inside the file the first,
// as in bitcoind. Values are texts; what they mean is daemon_options.cpp's business.
//
// Filled by config_file.cpp. Constant while the options are read; then thread-safe.
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
    /// One mention of an option. `-nox` and `-x=0` are the same; `-x` is `-x=` with an empty value.
    struct Value {
        std::string text;
        bool negated = false;
    };
    enum class Source : uint8_t { command_line, settings_json, file };
    static constexpr size_t kSources = 3;

    /// In the order in which they were written. `section` is empty but for entries of the file.
    void add(Source source, std::string_view section, std::string_view name, Value value);

    /// The sections that count from now on: the global one and that of this chain. On chains other
    /// than main the global section does not say ports and peers (bitcoind's network-only options).
    void select_chain(std::string_view chain) { chain_ = chain; }

    bool has(std::string_view name) const { return find(name).has_value(); }
    /// Empty: not mentioned.
    std::optional<Value> find(std::string_view name) const;
    /// All mentions; a negation clears what stands before it in its source, and in the sources
    /// behind.
    std::vector<std::string> list(std::string_view name) const;

    /// Every mention, for a copy of these settings: add() each in this order.
    void for_each(const std::function<void(Source, std::string_view section, std::string_view name,
                                           const Value&)>& visitor) const;

    /// What deserves a warning in the log: unknown keys of the file, ignored ones.
    std::vector<std::string> warnings() const;
    void add_warning(std::string warning) { warnings_.push_back(std::move(warning)); }

    /// Names that were mentioned anywhere that counts, in alphabetical order.
    std::vector<std::string> mentioned() const;

 private:
    struct Entry {
        Source source;
        std::string section;
        Value value;
    };
    /// Does the entry count for the selected chain, and with which rank (lower wins)?
    std::optional<int> rank(std::string_view name, const Entry& entry) const;

    std::map<std::string, std::vector<Entry>, std::less<>> entries_;
    std::string chain_ = "main";
    std::vector<std::string> warnings_;
};

}  // namespace parley
