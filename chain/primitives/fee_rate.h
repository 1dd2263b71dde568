// FeeRate: satoshi per 1,000 virtual bytes, the unit of relay policy and of wallets. Integer
// arithmetic only; fees are rounded up, as bitcoind does. Thread-safe: values.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/strong.h"
#include "chain/primitives/transaction.h"

namespace parley {

/// Satoshi per 1,000 virtual bytes.
struct FeeRateTag;
using FeeRate = Strong<FeeRateTag, int64_t>;

/// The fee for a size, rounded up; about four times the supply of coins if it does not fit.
/// REQUIRES: both arguments are at least 0.
constexpr Amount fee_for(FeeRate rate, int64_t virtual_bytes) {
    int64_t product = 0;
    if (__builtin_mul_overflow(rate.value(), virtual_bytes, &product) ||
        __builtin_add_overflow(product, 999, &product))
        return Amount{INT64_MAX / 1000};
    return Amount{product / 1000};
}

/// The fee rate of a transaction with this fee and size, rounded down; 0 if the size is 0.
constexpr FeeRate fee_rate_of(Amount fee, int64_t virtual_bytes) {
    return FeeRate{virtual_bytes > 0 ? fee.value() * 1000 / virtual_bytes : 0};
}

/// The dust threshold: spending a smaller output at `dust_relay_fee` costs more than it is worth,
/// so nodes do not relay it and wallets do not create it. 0 for unspendable outputs.
inline Amount dust_threshold(const TxOutput& output, FeeRate dust_relay_fee) {
    if (output.script_pubkey.is_unspendable()) return Amount{0};
    const auto script_size = static_cast<int64_t>(output.script_pubkey.size());
    const int64_t output_size =
        8 + static_cast<int64_t>(compact_size_length(output.script_pubkey.size())) + script_size;
    // The spending input: 41 bytes without scripts, and a signature with its key, whose bytes count
    // a quarter in a witness.
    constexpr int64_t kSignatureAndKey = 107;
    const int64_t input_size =
        41 + (witness_program(output.script_pubkey) ? kSignatureAndKey / 4 : kSignatureAndKey);
    return fee_for(dust_relay_fee, output_size + input_size);
}

}  // namespace parley
