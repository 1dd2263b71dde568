#include "base/option_row.h"

#include <fmt/format.h>

namespace parley {

int64_t OptionInfo::raw(int64_t units) const {
    int64_t product = 0;
    if (__builtin_mul_overflow(units, unit.scale, &product))
        product = units < 0 ? INT64_MIN : INT64_MAX;
    return std::clamp(product, raw_min, raw_max);
}

std::string OptionInfo::show(int64_t raw_value) const {
    for (const OptionWord& each : words) {
        if (each.value == raw_value) return std::string(each.word);
    }
    if (unit.hexadecimal) return fmt::format("{:08x}", raw_value);
    if (unit.decimals == 0) return fmt::format("{}", raw_value / unit.scale);
    int64_t one = 1;
    for (int i = 0; i < unit.decimals; ++i) one *= 10;
    return fmt::format("{}.{:0{}}", raw_value / one, raw_value % one, unit.decimals);
}

std::string OptionInfo::help_text() const {
    std::string standard = default_text != nullptr ? default_text() : "";
    if (default_number != nullptr) {
        if (const auto value = default_number()) standard = show(*value);
    }
    return fmt::format(fmt::runtime(help), fmt::arg("default", standard), fmt::arg("min", min),
                       fmt::arg("max", max));
}

std::string OptionInfo::expected() const {
    if (!words.empty()) {
        std::string text;
        for (size_t i = 0; i < words.size(); ++i) {
            if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
            text += words[i].word;
        }
        return text;
    }
    if (unit.argument.empty()) return "0 or 1";
    if (unit.hexadecimal) return "8 hexadecimal digits";
    if (max == INT64_MAX && min == INT64_MIN) return "a whole number";
    if (max == INT64_MAX) return fmt::format("a whole number of at least {}", min);
    return fmt::format("a whole number from {} to {}", min, max);
}

std::string OptionInfo::refuse(std::string_view text, bool is_below) const {
    const std::string_view own = is_below && !refusal_below.empty() ? refusal_below : refusal;
    if (unit.decimals > 0)
        return fmt::format("Invalid amount for -{}={}: '{}'", name, unit.argument, text);
    if (own.empty())
        return fmt::format("Invalid value for -{}: '{}'. It must be {}.", name, text, expected());
    return fmt::format(fmt::runtime(own), fmt::arg("value", text), fmt::arg("min", min),
                       fmt::arg("max", max));
}

std::optional<std::string> OptionInfo::out_of_range(std::optional<int64_t> raw_value) const {
    if (!raw_value || (*raw_value >= raw(min) && *raw_value <= raw(max))) return std::nullopt;
    return refuse(show(*raw_value), *raw_value < raw(min));
}

}  // namespace parley
