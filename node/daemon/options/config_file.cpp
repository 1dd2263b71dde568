#include "node/daemon/options/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "node/daemon/options/option_table.h"

namespace parley {
namespace {

constexpr std::string_view kSections[] = {"main",   "test",    "testnet4",
                                          "signet", "regtest", "labnet"};

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Whether an option's value means yes. An empty value does, as in "-listen".
bool is_yes(std::string_view value) {
    return value.empty() || value.find_first_not_of('0') != std::string_view::npos;
}

struct Named {
    std::string_view name;
    Settings::Value value;
};

// Resolves the prefix "no": nolisten=1 is listen=0, and nolisten=0 is listen=1. An option whose own
// name begins with "no" is found in the table first.
Named interpret(std::string_view name, std::string_view value) {
    if (name.starts_with("no") && find_option(name) == nullptr &&
        find_option(name.substr(2)) != nullptr) {
        name.remove_prefix(2);
        if (is_yes(value)) return {name, {"0", true}};
        return {name, {"1", false}};
    }
    return {name, {std::string(value), false}};
}

// "-nodatadir": these always have a value. The error is a sentence without its end.
Expected<void, std::string> check_negation(const Named& named) {
    constexpr std::string_view kAlwaysSet[] = {"datadir", "signetchallenge", "signetseednode"};
    if (!named.value.negated || std::ranges::find(kAlwaysSet, named.name) == std::end(kAlwaysSet))
        return {};
    return Unexpected(
        fmt::format("Negating of -{} is meaningless and therefore forbidden", named.name));
}

// "-nolisten=0": on, which its reader may not expect.
void note_double_negative(std::string_view written, const Named& named, Settings& settings) {
    if (written != named.name && !named.value.negated)
        settings.add_warning(
            fmt::format("Parsed potentially confusing double-negative -{}=0", named.name));
}

}  // namespace

Expected<void, std::string> parse_command_line(const std::vector<std::string>& arguments,
                                               Settings& settings) {
    for (const std::string& argument : arguments) {
        if (!argument.starts_with('-') || argument == "-" || argument == "--")
            return Unexpected(
                fmt::format("Command line contains unexpected token '{}', see "
                            "parleyd -h for a list of options.",
                            argument));
        std::string_view rest = argument;
        rest.remove_prefix(rest.starts_with("--") ? 2 : 1);
        const auto equals = rest.find('=');
        const std::string_view written = rest.substr(0, equals);
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view{} : rest.substr(equals + 1);
        Named named = interpret(written, value);
        if (find_option(named.name) == nullptr)
            return Unexpected(fmt::format(
                "Error parsing command line arguments: Invalid parameter {}", argument));
        if (const auto sound = check_negation(named); !sound)
            return Unexpected("Error parsing command line arguments: " + sound.error());
        note_double_negative(written, named, settings);
        if (named.name == "includeconf" && !named.value.negated) {
            const bool is_name = !value.empty() && written == named.name;
            return Unexpected(
                fmt::format("Error parsing command line arguments: -includeconf cannot be used "
                            "from commandline; -includeconf={}",
                            is_name ? fmt::format("\"{}\"", value) : "true"));
        }
        settings.add(Settings::Source::command_line, "", named.name, std::move(named.value));
    }
    return {};
}

Expected<void, std::string> parse_config_file(std::string_view text, std::string_view name,
                                              Settings& settings) {
    std::string section;
    const auto error = [](size_t line, std::string_view what) {
        return Unexpected(fmt::format(
            "Error reading configuration file: parse error on line {}: {}", line, what));
    };
    for (size_t line_number = 1; !text.empty(); ++line_number) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const bool has_comment = line.find('#') != std::string_view::npos;
        line = trim(line.substr(0, line.find('#')));
        if (line.empty()) continue;
        if (line.find('\0') != std::string_view::npos)
            return error(line_number, "unexpected zero byte; a text file is expected");
        if (line.front() == '[') {
            if (line.back() != ']')
                return error(line_number,
                             fmt::format("{}, the section header has no closing ]", line));
            section = std::string(line.substr(1, line.size() - 2));
            if (std::ranges::find(kSections, section) == std::ranges::end(kSections))
                settings.add_warning(fmt::format("{}:{} Section [{}] is not recognized.", name,
                                                 line_number, section));
            continue;
        }
        if (line.front() == '-')
            return error(line_number,
                         fmt::format("{}, options in configuration file must be specified without "
                                     "leading -",
                                     line));
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) {
            const bool negated = line.starts_with("no");
            return error(line_number,
                         negated ? fmt::format("{0}, if you intended to specify a negated option, "
                                               "use {0}=1 instead",
                                               line)
                                 : std::string(line));
        }
        std::string_view key = trim(line.substr(0, equals));
        if (has_comment && key.find("rpcpassword") != std::string_view::npos)
            return Unexpected(
                fmt::format("Error reading configuration file: parse error on line {}, using # in "
                            "rpcpassword can "
                            "be ambiguous and should be avoided",
                            line_number));
        std::string_view key_section = section;
        if (const auto dot = key.find('.'); dot != std::string_view::npos) {
            key_section = key.substr(0, dot);
            key.remove_prefix(dot + 1);
        }
        Named named = interpret(key, trim(line.substr(equals + 1)));
        if (const auto sound = check_negation(named); !sound)
            return Unexpected("Error reading configuration file: " + sound.error());
        note_double_negative(key, named, settings);
        if (named.name == "conf")
            return Unexpected(std::string(
                "Error reading configuration file: conf cannot be set in the configuration file; "
                "use includeconf= if you want to include additional config files"));
        if (find_option(named.name) == nullptr) {
            settings.add_warning(fmt::format("Ignoring unknown configuration value {} ({}:{})", key,
                                             name, line_number));
            continue;
        }
        settings.add(Settings::Source::file, key_section, named.name, std::move(named.value));
    }
    return {};
}

}  // namespace parley
