// What the methods share that load, unload and restore wallets by name. Thread-safe, except
// require_wallets(): core thread.
#pragma once

#include <string>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

/// Fails with method_not_found if wallets are disabled.
WalletManager& require_wallets(Node& node);
/// The wallet of the path or of the argument, which must be the same one.
std::string named_wallet(Call& call, size_t argument);
/// Stores the argument load_on_startup, if it was given. Writes "warnings" if that failed.
void remember_wallet(Call& call, size_t argument, const std::string& name);

inline constexpr Parameter kLoadOnStartup{
    "load_on_startup", ParameterType::boolean, false, "",
    "Save wallet name to persistent settings and load on startup."};

}  // namespace parley::rpc
