// OptionReader: reads the values of Settings into options structs, row by row, and by hand where a
// row has no member. The first one that makes no sense is kept as a sentence, so that a list of
// options reads without an error check each. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/option_row.h"
#include "node/daemon/options/settings.h"

namespace parley {

class OptionReader {
 public:
    explicit OptionReader(const Settings& settings) : settings_(settings) {}

    /// All rows that have a member.
    template <class Options>
    void read(Options& options) {
        for (const OptionRow<Options>& row : Options::rows()) {
            if (!has(row.name)) continue;
            if (row.text != nullptr) options.*row.text = text(row.name);
            if (row.list != nullptr) options.*row.list = list(row.name);
            if (row.set == nullptr) continue;
            if (const auto value = number(row)) row.set(options, *value);
        }
    }

    /// As the row's member holds it, within its range. Empty: not given, or refused, or the row
    /// wants its default for such a value.
    std::optional<int64_t> number(const OptionInfo& row);
    /// REQUIRES: there is such an option.
    std::optional<int64_t> number(std::string_view name);
    bool flag(std::string_view name, bool fallback = false);
    std::string text(std::string_view name, std::string_view fallback = "");
    std::vector<std::string> list(std::string_view name) { return settings_.list(name); }
    bool has(std::string_view name) const { return settings_.has(name); }

    void fail(std::string sentence) {
        if (problem_.empty()) problem_ = std::move(sentence);
    }
    void fail(std::string_view name, std::string_view value, std::string_view expected);

    /// Empty: all values made sense.
    const std::string& problem() const { return problem_; }

 private:
    const Settings& settings_;
    std::string problem_;
};

}  // namespace parley
