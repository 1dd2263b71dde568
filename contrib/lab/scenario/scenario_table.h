// ScenarioTable: reads the keys of a TOML table, each of which is named once in the code, and finds
// those that nobody asked for. Part of parse_scenario(). One owner.
#pragma once

#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::lab {

/// The first error of a file. All reading goes on behind it, with defaults.
class ScenarioErrors {
 public:
    explicit ScenarioErrors(std::string file) : file_(std::move(file)) {}

    void add(int64_t line, const std::string& sentence) {
        if (first_.empty()) first_ = fmt::format("{}:{}: {}", file_, line, sentence);
    }
    const std::string& first() const { return first_; }

 private:
    std::string file_;
    std::string first_;
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
    /// Numbers not below 0; empty if the key is missing.
    std::vector<double> numbers(const char* key);
    template <class T>
    T choice(const char* key, const std::vector<std::pair<const char*, T>>& choices,
             std::optional<T> otherwise = std::nullopt);
    /// A table in this one; an empty one if it is missing, which is an error if it is required.
    ScenarioTable table(const char* key, bool required);

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
T ScenarioTable::choice(const char* key, const std::vector<std::pair<const char*, T>>& choices,
                        std::optional<T> otherwise) {
    const std::optional<std::string> none =
        otherwise ? std::optional<std::string>{""} : std::nullopt;
    const std::string value = text(key, none);
    std::string names;
    for (const auto& [name, result] : choices) {
        if (value == name) return result;
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    if (otherwise && !has(key)) return *otherwise;
    errors_.add(line(key),
                fmt::format("{} is \"{}\"; it must be one of {}", place(key), value, names));
    return choices.front().second;
}

}  // namespace parley::lab
