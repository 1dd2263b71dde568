// ScenarioTable: reads the keys of a TOML table, each of which is named once in the code, and finds
// those that nobody asked for. Part of parse_scenario(). One owner.
#pragma once

#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::lab {

/// What is wrong, by how much of the rest it explains: a misspelt key is also missing under its
/// right name, and for a missing one a default takes part in what follows.
enum class ScenarioFault : uint8_t { unknown_key, missing_key, invalid_value };

/// The error of a file that explains most, and of those the first. All reading goes on behind an
/// error, with defaults.
class ScenarioErrors {
 public:
    explicit ScenarioErrors(std::string file) : file_(std::move(file)) {}

    void add(int64_t line, const std::string& sentence,
             ScenarioFault fault = ScenarioFault::invalid_value) {
        if (!sentence_.empty() && fault_ <= fault) return;
        fault_ = fault;
        // A key that a change has set has no line.
        const std::string place = line > 0 ? fmt::format("{}:{}", file_, line) : file_;
        sentence_ = fmt::format("{}: {}", place, sentence);
    }
    /// Empty: none.
    const std::string& sentence() const { return sentence_; }

 private:
    std::string file_;
    ScenarioFault fault_ = ScenarioFault::invalid_value;
    std::string sentence_;
};

class ScenarioTable {
 public:
    /// `name` is that of the table in the file; empty: the file itself.
    ScenarioTable(const toml::table& table, std::string name, int64_t line, ScenarioErrors& errors)
        : table_(table), name_(std::move(name)), line_(line), errors_(errors) {}

    int64_t line() const { return line_; }
    /// Of a key, or of the table if it lacks the key.
    int64_t line(const char* key) const;
    bool has(const char* key) const { return table_.contains(key); }

    /// Error: it is missing and has no default, it is no number, or it is out of range.
    double number(const char* key, double low, double high,
                  std::optional<double> otherwise = std::nullopt);
    uint64_t whole(const char* key, uint64_t low, uint64_t high,
                   std::optional<uint64_t> otherwise = std::nullopt);
    std::string text(const char* key, std::optional<std::string> otherwise = std::nullopt);
    bool flag(const char* key, bool otherwise);
    /// Numbers not below 0; empty if the key is missing.
    std::vector<double> numbers(const char* key);
    /// Nothing: an error, which is reported.
    template <class T>
    std::optional<T> choice(const char* key, const std::vector<std::pair<const char*, T>>& choices,
                            std::optional<T> otherwise = std::nullopt);
    /// A table in this one; an empty one if it is missing, which is an error if it is required.
    ScenarioTable table(const char* key, bool required);
    /// Keys that may be there, for where an error leaves open which of them should be read.
    void allow(std::initializer_list<const char*> keys);

    /// Error: a key that nobody has asked for.
    void expect_no_more();

 private:
    /// Null: missing.
    const toml::node* find(const char* key, bool required);
    std::string place(const char* key) const;

    const toml::table& table_;
    std::string name_;
    int64_t line_;
    ScenarioErrors& errors_;
    std::vector<std::string> asked_;
};

template <class T>
std::optional<T> ScenarioTable::choice(const char* key,
                                       const std::vector<std::pair<const char*, T>>& choices,
                                       std::optional<T> otherwise) {
    const std::optional<std::string> none =
        otherwise ? std::optional<std::string>{""} : std::nullopt;
    const std::string value = text(key, none);
    std::string names;
    for (const auto& [name, result] : choices) {
        if (value == name) return result;
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    if (!has(key)) return otherwise;
    errors_.add(line(key),
                fmt::format("{} is \"{}\"; it must be one of {}", place(key), value, names));
    return std::nullopt;
}

}  // namespace parley::lab
