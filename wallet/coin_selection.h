// Coin selection: which coins pay for a transaction. Branch and bound searches for a set that needs
// no change; otherwise the smallest single sufficient coin or the largest coins are used, whichever
// wastes less. Pure and deterministic: equal input in equal order gives an equal selection.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/primitives/fee_rate.h"

namespace parley {

struct SelectionCoin {
    size_t id = 0;  ///< chosen by the caller
    Amount value{0};
    int64_t input_weight = 0;  ///< of the spending input, including its signature
};

struct SelectionRequest {
    Amount target{0};  ///< payments, plus the fee for everything except inputs and change
    FeeRate fee_rate{0};
    FeeRate long_term_fee_rate{0};  ///< expected cost of spending these coins later
    Amount change_fee{0};           ///< of the change output itself
    Amount change_spend_fee{0};     ///< of spending the change later
    Amount change_min{0};           ///< smaller change is added to the fee
    /// The recipients pay the fee: coins count with their full value.
    bool subtract_fee = false;
};

struct SelectionResult {
    std::vector<size_t> ids;
    Amount value{0};  ///< of the coins
    Amount waste{0};  ///< excess cost over the ideal; may be negative
    bool changeless = false;
};

/// Fee of an input at a rate, rounded up.
Amount input_fee(int64_t input_weight, FeeRate rate);

/// Empty: insufficient coins.
std::optional<SelectionResult> select_coins(std::vector<SelectionCoin> coins,
                                            const SelectionRequest& request);

}  // namespace parley
