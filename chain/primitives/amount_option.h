// Options that are amounts, for the tables of option rows: coins with decimals, and the range of
// all money. Constants.
#pragma once

#include "base/option_row.h"
#include "chain/primitives/amount.h"

namespace parley {

inline constexpr OptionUnit kCoins{"<amount>", 1, 8};
inline constexpr OptionDetails kMoneyRange{.max = kMaxMoney.value()};

}  // namespace parley
