#include "contrib/lab/commands/arguments.h"

#include <algorithm>
#include <cstdio>

namespace parley::lab {

CommandOption text_option(std::string& target) {
    return {[&target](const std::string& text) {
                target = text;
                return !text.empty();
            },
            "a name"};
}

CommandOption flag_option(bool& target) {
    return {[&target](const std::string&) {
                target = true;
                return true;
            },
            "", true};
}

CommandOption numbers_option(std::vector<double>& target) {
    return {[&target](const std::string& text) {
                target.clear();
                size_t begin = 0;
                while (true) {
                    const size_t end = std::min(text.find(',', begin), text.size());
                    double value = 0;
                    if (!parse_number(text.substr(begin, end - begin), -HUGE_VAL, HUGE_VAL, value))
                        return false;
                    target.push_back(value);
                    if (end == text.size()) return true;
                    begin = end + 1;
                }
            },
            "numbers separated by commas"};
}

std::optional<UsageError> CommandLine::parse(const std::vector<std::string>& arguments) const {
    for (size_t i = 0; i < arguments.size(); ++i) {
        std::string option_name = arguments[i];
        if (option_name == "--help" || option_name == "-h") return UsageError{help, 0};
        std::optional<std::string> value;
        if (const size_t equals = option_name.find('='); equals != std::string::npos) {
            value = option_name.substr(equals + 1);
            option_name.resize(equals);
        }
        const auto found = options.find(option_name);
        if (found == options.end()) return error(fmt::format("unknown option {}.", option_name));
        const CommandOption& option = found->second;
        if (option.is_flag) {
            if (value) return error(fmt::format("{} takes no value.", option_name));
        } else if (!value) {
            if (i + 1 == arguments.size())
                return error(fmt::format("{} needs a value: {}.", option_name, option.expected));
            value = arguments[++i];
        }
        if (!option.take(value.value_or(""))) {
            return error(fmt::format("invalid value for {}: \"{}\"; it must be {}.", option_name,
                                     *value, option.expected));
        }
    }
    return std::nullopt;
}

UsageError CommandLine::error(const std::string& sentence) const {
    return {fmt::format("Error: {} Try parley-lab {} --help.\n", sentence, name), 1};
}

int report(const UsageError& error) {
    fmt::print(error.exit_code == 0 ? stdout : stderr, "{}", error.message);
    return error.exit_code;
}

}  // namespace parley::lab
