// The dashboard of -netinfo: peers by direction and network, and at higher levels a row for each
// peer. Pure functions over replies; columns as in bitcoin-cli. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "rpc/jsonrpc/json.h"

namespace parley::rpc {

struct NetInfoView {
    int level = 0;  ///< 0: counts only; 1: peers; 2: with addresses; 3: with versions; 4: both
    bool outbound_only = false;  ///< in the list of peers
};

/// Of the arguments behind -netinfo. The error is a sentence.
Expected<NetInfoView, std::string> parse_net_info(const std::vector<std::string>& arguments);

struct NetInfoReport {
    Json network;        ///< getnetworkinfo
    Json peers;          ///< getpeerinfo
    std::string client;  ///< "<name> client v<version>"
    std::string chain;   ///< "main", "regtest", ...
    int64_t now_s = 0;   ///< Unix time
};

std::string format_net_info(const NetInfoReport& report, const NetInfoView& view);

std::string net_info_help();

}  // namespace parley::rpc
