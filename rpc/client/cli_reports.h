// What -getinfo and -netinfo print. Pure functions over replies; a field that a foreign node does
// not send is shown as "n/a". Thread-safe.
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
    std::optional<Json> wallet;    ///< getwalletinfo, where one wallet is meant
    std::optional<Json> balances;  ///< getbalances of that wallet
    std::vector<std::pair<std::string, Json>> balances_by_wallet;  ///< where several are loaded
};

std::string format_info(const InfoReport& report);

/// getnetworkinfo and getpeerinfo.
std::string format_net_info(const Json& network, const Json& peers);

}  // namespace parley::rpc
