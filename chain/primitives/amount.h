// Monetary amounts in satoshi, signed as in the transaction format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace parley {

/// One satoshi is 1/100,000,000 of a coin.
struct AmountTag;
using Amount = Strong<AmountTag, int64_t>;

inline constexpr int64_t kCoin = 100'000'000;
inline constexpr Amount kMaxMoney{21'000'000 * kCoin};

constexpr bool money_range(Amount amount) {
    return amount >= Amount{0} && amount <= kMaxMoney;
}

constexpr Amount operator+(Amount a, Amount b) {
    return Amount{a.value() + b.value()};
}
constexpr Amount& operator+=(Amount& a, Amount b) {
    return a = a + b;
}

/// In coins, always with eight decimals and without an exponent: "0.00000282", "-1.00000000".
std::string to_string(Amount amount);

/// The inverse, for a JSON number or string with at most eight decimals and an optional JSON
/// exponent. Exact. Empty: malformed, more precise than a satoshi, or not below 2^63 satoshi.
std::optional<Amount> parse_amount(std::string_view text);

}  // namespace parley
