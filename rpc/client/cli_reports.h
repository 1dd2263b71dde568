// The output of -getinfo. Pure functions over replies; fields that another node does not send are
// shown as "n/a". Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rpc/jsonrpc/json.h"

namespace parley::rpc {

struct InfoReport {
    Json network;                  ///< getnetworkinfo
    Json chain;                    ///< getblockchaininfo
    std::optional<Json> wallet;    ///< getwalletinfo, if a single wallet is selected
    std::optional<Json> balances;  ///< getbalances of that wallet
    std::vector<std::pair<std::string, Json>> balances_by_wallet;  ///< if several are loaded
};

/// `color`: with ANSI escape sequences for a terminal.
std::string format_info(const InfoReport& report, bool color);

}  // namespace parley::rpc
