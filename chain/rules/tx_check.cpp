#include "chain/rules/tx_check.h"

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

constexpr size_t kCoinbaseScriptSizeMin = 2;
constexpr size_t kCoinbaseScriptSizeMax = 100;

Expected<void, TxError> check_outputs(const Transaction& transaction) {
    Amount total{0};
    for (const auto& output : transaction.outputs()) {
        if (output.value < Amount{0}) return Unexpected(TxError::output_negative);
        if (output.value > kMaxMoney) return Unexpected(TxError::output_too_large);
        total += output.value;
        if (!money_range(total)) return Unexpected(TxError::output_total_too_large);
    }
    return {};
}

bool has_duplicate_inputs(const Transaction& transaction) {
    const auto& inputs = transaction.inputs();
    if (inputs.size() < 2) return false;
    std::vector<const OutPoint*> sorted;
    sorted.reserve(inputs.size());
    for (const auto& input : inputs) sorted.push_back(&input.prevout);
    std::sort(sorted.begin(), sorted.end(),
              [](const OutPoint* a, const OutPoint* b) { return *a < *b; });
    return std::adjacent_find(sorted.begin(), sorted.end(),
                              [](const OutPoint* a, const OutPoint* b) { return *a == *b; }) !=
           sorted.end();
}

}  // namespace

std::string_view to_string(TxError error) {
    switch (error) {
        case TxError::no_inputs:
            return "bad-txns-vin-empty";
        case TxError::no_outputs:
            return "bad-txns-vout-empty";
        case TxError::oversize:
            return "bad-txns-oversize";
        case TxError::output_negative:
            return "bad-txns-vout-negative";
        case TxError::output_too_large:
            return "bad-txns-vout-toolarge";
        case TxError::output_total_too_large:
            return "bad-txns-txouttotal-toolarge";
        case TxError::duplicate_inputs:
            return "bad-txns-inputs-duplicate";
        case TxError::coinbase_script_length:
            return "bad-cb-length";
        case TxError::null_prevout:
            return "bad-txns-prevout-null";
        case TxError::input_missing_or_spent:
            return "bad-txns-inputs-missingorspent";
        case TxError::premature_coinbase_spend:
            return "bad-txns-premature-spend-of-coinbase";
        case TxError::input_values_out_of_range:
            return "bad-txns-inputvalues-outofrange";
        case TxError::inputs_below_outputs:
            return "bad-txns-in-belowout";
        case TxError::fee_out_of_range:
            return "bad-txns-fee-outofrange";
        case TxError::not_final:
            return "bad-txns-nonfinal";
    }
    return "bad-txns";
}

Expected<void, TxError> check_transaction(const Transaction& transaction) {
    if (transaction.inputs().empty()) return Unexpected(TxError::no_inputs);
    if (transaction.outputs().empty()) return Unexpected(TxError::no_outputs);
    const auto weight_min = static_cast<int64_t>(transaction.base_size()) * kWitnessScaleFactor;
    if (weight_min > kBlockWeightMax.value()) return Unexpected(TxError::oversize);
    if (auto outputs = check_outputs(transaction); !outputs) return outputs;
    if (has_duplicate_inputs(transaction)) return Unexpected(TxError::duplicate_inputs);
    if (transaction.is_coinbase()) {
        const size_t size = transaction.inputs()[0].script_sig.size();
        if (size < kCoinbaseScriptSizeMin || size > kCoinbaseScriptSizeMax)
            return Unexpected(TxError::coinbase_script_length);
        return {};
    }
    for (const auto& input : transaction.inputs()) {
        if (input.prevout.is_null()) return Unexpected(TxError::null_prevout);
    }
    return {};
}

Expected<Amount, TxError> check_tx_inputs(const Transaction& transaction,
                                          std::span<const Coin> coins, Height height,
                                          int32_t coinbase_maturity_blocks) {
    CHECK(coins.size() == transaction.inputs().size());
    Amount in{0};
    for (const auto& coin : coins) {
        if (coin.coinbase && height - coin.height < coinbase_maturity_blocks)
            return Unexpected(TxError::premature_coinbase_spend);
        if (!money_range(coin.output.value)) return Unexpected(TxError::input_values_out_of_range);
        in += coin.output.value;
        if (!money_range(in)) return Unexpected(TxError::input_values_out_of_range);
    }
    // check_transaction has ensured that this sum is in range.
    Amount out{0};
    for (const auto& output : transaction.outputs()) out += output.value;
    if (in < out) return Unexpected(TxError::inputs_below_outputs);
    const Amount fee{in.value() - out.value()};
    if (!money_range(fee)) return Unexpected(TxError::fee_out_of_range);
    return fee;
}

}  // namespace parley
