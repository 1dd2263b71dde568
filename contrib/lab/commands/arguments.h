// CommandLine: the options of one command of parley-lab, their ranges, and the errors for what does
// not fit. Used by all commands. A value.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"

namespace parley::lab {

/// The message is a sentence, or the help text if it was requested.
struct UsageError {
    std::string message;
    int exit_code = 1;
};

struct CommandOption {
    /// Stores the value; false: invalid.
    std::function<bool(const std::string&)> take;
    std::string expected;  ///< what a valid value is, for the error: "a number from 1 to 9"
    bool is_flag = false;  ///< takes no value
};

/// The whole text as a number in [low, high]. `target` keeps its value if it is none.
template <class T>
bool parse_number(const std::string& text, T low, T high, T& target) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    if (!(value >= low && value <= high)) return false;
    target = value;
    return true;
}

template <class T>
CommandOption number_option(T low, T high, T& target) {
    return {[=, &target](const std::string& text) { return parse_number(text, low, high, target); },
            fmt::format("a number from {} to {}", low, high)};
}

/// The same for an option without a default.
template <class T>
CommandOption number_option(T low, T high, std::optional<T>& target) {
    return {[=, &target](const std::string& text) {
                T value{};
                if (!parse_number(text, low, high, value)) return false;
                target = value;
                return true;
            },
            fmt::format("a number from {} to {}", low, high)};
}

CommandOption text_option(std::string& target);
CommandOption flag_option(bool& target);
/// Numbers separated by commas.
CommandOption numbers_option(std::vector<double>& target);

struct CommandLine {
    std::string name;  ///< of the command
    std::string help;  ///< printed for --help
    std::map<std::string, CommandOption> options;

    /// Takes `--name value` and `--name=value`. Nothing: all arguments were valid.
    std::optional<UsageError> parse(const std::vector<std::string>& arguments) const;
    /// "Error: <sentence> Try parley-lab <name> --help."
    UsageError error(const std::string& sentence) const;
};

/// Prints the help to stdout or the error to stderr, and returns the exit code.
int report(const UsageError& error);

}  // namespace parley::lab
