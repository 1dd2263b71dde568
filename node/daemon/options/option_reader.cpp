#include "node/daemon/options/option_reader.h"

#include <fmt/format.h>

#include <charconv>

namespace parley {
namespace {

std::optional<int64_t> to_number(std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

void OptionReader::fail(std::string_view name, std::string_view value, std::string_view expected) {
    fail(fmt::format("Invalid value for -{}: '{}'. It must be {}.", name, value, expected));
}

bool OptionReader::flag(std::string_view name, bool fallback) {
    const auto value = settings_.find(name);
    if (!value) return fallback;
    if (value->text.empty()) return true;
    const auto number = to_number(value->text);
    if (!number) fail(name, value->text, "0 or 1");
    return number.value_or(0) != 0;
}

int64_t OptionReader::number(std::string_view name, int64_t fallback, int64_t min, int64_t max) {
    const auto value = settings_.find(name);
    if (!value) return fallback;
    const auto number = to_number(value->text);
    if (number && *number >= min && *number <= max) return *number;
    fail(name, value->text, fmt::format("a whole number from {} to {}", min, max));
    return fallback;
}

std::string OptionReader::text(std::string_view name, std::string_view fallback) {
    const auto value = settings_.find(name);
    if (!value) return std::string(fallback);
    return value->negated ? std::string{} : value->text;
}

Amount OptionReader::amount(std::string_view name, Amount fallback) {
    const auto value = settings_.find(name);
    if (!value) return fallback;
    const auto amount = parse_amount(value->text);
    if (amount && money_range(*amount)) return *amount;
    fail(name, value->text, "an amount in coins, such as 0.00001000");
    return fallback;
}

FeeRate OptionReader::fee_rate(std::string_view name, FeeRate fallback) {
    return FeeRate{amount(name, Amount{fallback.value()}).value()};
}

bool OptionReader::negated(std::string_view name) const {
    const auto value = settings_.find(name);
    return value && (value->negated || value->text == "0");
}

}  // namespace parley
