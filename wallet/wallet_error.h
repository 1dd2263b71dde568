// WalletError: why a wallet refuses a request. Each code is one of bitcoind's RPC codes.
// Thread-safe: values.
#pragma once

#include <cstdint>
#include <string>

namespace parley {

enum class WalletErrorCode : int8_t {
    misc = -1,
    wallet = -4,
    invalid_address_or_key = -5,
    insufficient_funds = -6,
    invalid_parameter = -8,
    invalid_label = -11,
    keypool_ran_out = -12,
    wallet_not_found = -18,
    database = -20,
    verify_rejected = -26,
    already_loaded = -35,
    already_exists = -36,
};

struct WalletError {
    WalletErrorCode code = WalletErrorCode::wallet;
    std::string message;  ///< a sentence for the user

    int rpc_code() const { return static_cast<int>(code); }
};

}  // namespace parley
