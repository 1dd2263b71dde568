// Rules for a transaction without context (check) and against the coins that it spends (connect),
// excluding scripts. Called by the block rules and by mempool/. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/expected.h"
#include "chain/primitives/coins.h"
#include "chain/primitives/transaction.h"

namespace parley {

enum class TxError : uint8_t {
    no_inputs,
    no_outputs,
    oversize,
    output_negative,
    output_too_large,
    output_total_too_large,
    duplicate_inputs,
    coinbase_script_length,
    null_prevout,
    input_missing_or_spent,
    premature_coinbase_spend,
    input_values_out_of_range,
    inputs_below_outputs,
    fee_out_of_range,
    not_final,
};

/// bitcoind's reject reason: bad-txns-vin-empty, ...
std::string_view to_string(TxError error);

/// Context-free rules, for coinbases too.
Expected<void, TxError> check_transaction(const Transaction& transaction);

/// Checks maturity and value ranges, and that outputs do not exceed inputs; returns the fee.
/// `coins` are those that the inputs spend, in input order; `height` is that of the block that
/// would contain the transaction.
Expected<Amount, TxError> check_tx_inputs(const Transaction& transaction,
                                          std::span<const Coin> coins, Height height,
                                          int32_t coinbase_maturity_blocks);

}  // namespace parley
