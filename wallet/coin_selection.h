// Coin selection: which coins pay for a transaction. Branch and bound looks for a set that needs no
// change; otherwise the smallest single coin that suffices, or the largest ones, whichever wastes
// least. Pure and deterministic: the same coins in the same order give the same choice.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/primitives/fee_rate.h"

namespace parley {

struct SelectionCoin {
    size_t id = 0;  ///< the caller's
    Amount value{0};
    int64_t input_weight = 0;  ///< of the input that spends it, signature included
};

struct SelectionRequest {
    Amount target{0};  ///< recipients and the fee of everything but inputs and change
    FeeRate fee_rate{0};
    FeeRate long_term_fee_rate{0};  ///< what spending these coins later would cost
    Amount change_fee{0};           ///< of the change output itself
    Amount change_spend_fee{0};     ///< of spending the change some day
    Amount change_min{0};           ///< less than this is no change, but fee
    /// The recipients pay the fee: coins count with their full value.
    bool subtract_fee = false;
};

struct SelectionResult {
    std::vector<size_t> ids;
    Amount value{0};  ///< of the coins
    Amount waste{0};  ///< what it costs compared with the ideal; may be negative
    bool changeless = false;
};

/// Fee of an input at a rate, rounded up.
Amount input_fee(int64_t input_weight, FeeRate rate);

/// Empty: the coins do not suffice.
std::optional<SelectionResult> select_coins(std::vector<SelectionCoin> coins,
                                            const SelectionRequest& request);

}  // namespace parley
