#include "node/daemon/options/option_reader.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"
#include "chain/primitives/amount.h"
#include "node/daemon/options/option_table.h"

namespace parley {
namespace {

// Like bitcoind, saturates numbers that do not fit in 64 bits.
std::optional<int64_t> to_number(std::string_view text, int base = 10) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (end != text.data() + text.size()) return std::nullopt;
    if (error == std::errc::result_out_of_range)
        return text.starts_with('-') ? INT64_MIN : INT64_MAX;
    return error == std::errc{} ? std::optional{value} : std::nullopt;
}

// The value in the row's units; empty: the text is not a valid value.
std::optional<int64_t> parse(const OptionInfo& row, std::string_view text) {
    if (!row.words.empty()) {
        const auto found = std::ranges::find(row.words, text, &OptionWord::word);
        return found == row.words.end() ? std::nullopt : std::optional{found->value};
    }
    if (row.unit.hexadecimal) return text.size() == 8 ? to_number(text, 16) : std::nullopt;
    if (row.unit.decimals == 0) return to_number(text);
    const auto amount = parse_amount(text);
    return amount ? std::optional{amount->value()} : std::nullopt;
}

}  // namespace

void OptionReader::fail(std::string_view name, std::string_view value, std::string_view expected) {
    fail(fmt::format("Invalid value for -{}: '{}'. It must be {}.", name, value, expected));
}

std::optional<int64_t> OptionReader::number(const OptionInfo& row) {
    const auto given = settings_.find(row.name);
    if (!given) return std::nullopt;
    if (row.unit.argument.empty()) return flag(row.name) ? 1 : 0;
    const auto value = parse(row, given->text);
    if (!value) {
        // bitcoind reads any text that is not a number as 0. Where 0 is refused, such a text gets
        // the same message as 0.
        const bool refuses_zero = row.min > 0 && row.below == OutOfRange::refuse;
        if (refuses_zero || row.unit.decimals > 0)
            fail(row.refuse(given->text, true));
        else
            fail(row.name, given->text, row.expected());
        return std::nullopt;
    }
    if (*value >= row.min && *value <= row.max) return row.raw(*value);
    switch (*value < row.min ? row.below : row.above) {
        case OutOfRange::refuse:
            fail(row.refuse(given->text, *value < row.min));
            return std::nullopt;
        case OutOfRange::clamp:
            return row.raw(std::clamp(*value, row.min, row.max));
        case OutOfRange::use_default:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<int64_t> OptionReader::number(std::string_view name) {
    const OptionInfo* row = find_option(name);
    CHECK(row != nullptr);
    return number(*row);
}

bool OptionReader::flag(std::string_view name, bool fallback) {
    const auto value = settings_.find(name);
    if (!value) return fallback;
    if (value->text.empty()) return true;
    const auto number = to_number(value->text);
    if (!number) fail(name, value->text, "0 or 1");
    return number.value_or(0) != 0;
}

std::string OptionReader::text(std::string_view name, std::string_view fallback) {
    const auto value = settings_.find(name);
    if (!value) return std::string(fallback);
    return value->negated ? std::string{} : value->text;
}

}  // namespace parley
