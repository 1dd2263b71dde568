#include "chain/primitives/amount.h"

#include <fmt/format.h>

namespace parley {
namespace {

constexpr int kDecimals = 8;
// Far beyond anything that can be in range; keeps the arithmetic on exponents from overflowing.
constexpr int kExponentMax = 1000;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// A decimal number as digits without point: value = digits * 10^exponent.
struct Decimal {
    bool negative = false;
    std::string digits;
    int exponent = 0;
};

// Removes the leading digits from `text` and returns them.
std::string_view take_digits(std::string_view& text) {
    size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    const auto digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<int> parse_exponent(std::string_view text) {
    bool negative = false;
    if (!take(text, '+')) negative = take(text, '-');
    const auto digits = take_digits(text);
    if (digits.empty() || !text.empty()) return std::nullopt;
    int value = 0;
    for (const char c : digits) {
        value = value * 10 + (c - '0');
        if (value > kExponentMax) return std::nullopt;
    }
    return negative ? -value : value;
}

// JSON's grammar of numbers.
std::optional<Decimal> parse_decimal(std::string_view text) {
    Decimal decimal;
    decimal.negative = take(text, '-');
    const auto whole = take_digits(text);
    if (whole.empty() || (whole.size() > 1 && whole[0] == '0')) return std::nullopt;
    decimal.digits = whole;
    if (take(text, '.')) {
        const auto fraction = take_digits(text);
        if (fraction.empty() || fraction.size() > kExponentMax) return std::nullopt;
        decimal.digits += fraction;
        decimal.exponent = -static_cast<int>(fraction.size());
    }
    if (take(text, 'e') || take(text, 'E')) {
        const auto exponent = parse_exponent(text);
        if (!exponent) return std::nullopt;
        decimal.exponent += *exponent;
    } else if (!text.empty()) {
        return std::nullopt;
    }
    return decimal;
}

}  // namespace

std::string to_string(Amount amount) {
    const bool negative = amount < Amount{0};
    const auto bits = static_cast<uint64_t>(amount.value());
    const uint64_t satoshi = negative ? 0 - bits : bits;
    constexpr auto coin = static_cast<uint64_t>(kCoin);
    return fmt::format("{}{}.{:08}", negative ? "-" : "", satoshi / coin, satoshi % coin);
}

std::optional<Amount> parse_amount(std::string_view text) {
    auto decimal = parse_decimal(text);
    if (!decimal) return std::nullopt;
    // Trailing zeros do not change the value.
    while (!decimal->digits.empty() && decimal->digits.back() == '0') {
        decimal->digits.pop_back();
        ++decimal->exponent;
    }
    if (decimal->digits.empty()) return Amount{0};
    if (decimal->exponent < -kDecimals) return std::nullopt;
    int64_t satoshi = 0;
    const auto add_digit = [&satoshi](int digit) {
        return !__builtin_mul_overflow(satoshi, 10, &satoshi) &&
               !__builtin_add_overflow(satoshi, digit, &satoshi);
    };
    for (const char c : decimal->digits) {
        if (!add_digit(c - '0')) return std::nullopt;
    }
    for (int i = -kDecimals; i < decimal->exponent; ++i) {
        if (!add_digit(0)) return std::nullopt;
    }
    return Amount{decimal->negative ? -satoshi : satoshi};
}

}  // namespace parley
