// Error: what a client receives when a call fails: bitcoind's code and a text. Values; used
// throughout rpc/.
#pragma once

#include <cstdint>
#include <string>

#include "base/expected.h"

namespace parley::rpc {

/// bitcoind's codes, which clients act on.
enum class Code : int32_t {
    misc = -1,
    type = -3,
    wallet = -4,
    address_or_key = -5,
    insufficient_funds = -6,
    invalid_parameter = -8,
    client_not_connected = -9,
    initial_download = -10,
    wallet_label = -11,
    keypool_ran_out = -12,
    wallet_not_found = -18,
    wallet_not_specified = -19,
    database = -20,
    deserialization = -22,
    node_already_added = -23,
    node_not_added = -24,
    verify = -25,
    verify_rejected = -26,
    already_in_utxo_set = -27,
    warming_up = -28,
    node_not_connected = -29,
    invalid_ip_or_subnet = -30,
    p2p_disabled = -31,
    deprecated = -32,
    mempool_disabled = -33,
    node_capacity = -34,
    wallet_already_loaded = -35,
    wallet_already_exists = -36,
    invalid_request = -32600,
    method_not_found = -32601,
    invalid_params = -32602,
    internal = -32603,
    parse = -32700,
};

struct Error {
    Code code = Code::misc;
    std::string message;

    bool operator==(const Error&) const = default;
};

template <class T>
using Result = Expected<T, Error>;
using Status = Expected<void, Error>;

inline Unexpected<Error> failure(Code code, std::string message) {
    return Unexpected<Error>{Error{code, std::move(message)}};
}

}  // namespace parley::rpc
