// NodeControl: what the wallet methods ask of a node. Called on the core thread only, inside
// NodeGateway::run_control, and never kept beyond it. Failures that a client can cause come back as
// Error with bitcoind's code and words.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/primitives/coins.h"
#include "chain/rules/address.h"
#include "rpc/jsonrpc/error.h"
#include "rpc/jsonrpc/host.h"
#include "rpc/wallet_view.h"

namespace parley::rpc {

class NodeControl {
 public:
    virtual ~NodeControl() = default;

    virtual BlockSummary tip() const = 0;
    /// Any header of the tree. Empty: unknown.
    virtual std::optional<BlockSummary> block_summary(const BlockHash& hash) const = 0;
    /// In the active chain. Empty: above the tip, or negative.
    virtual std::optional<BlockSummary> block_at(Height height) const = 0;
    virtual Result<BlockRef> block(const BlockHash& hash) const = 0;
    /// In the UTXO set; with `mempool`, also as the mempool makes and spends outputs.
    virtual std::optional<Coin> coin(const OutPoint& outpoint, bool mempool) const = 0;

    virtual bool wallets_enabled() const = 0;
    virtual std::vector<std::string> loaded_wallets() const = 0;
    virtual std::vector<std::string> wallet_directory() const = 0;
    // wallets. Empty pointer: not loaded. Valid during this run only.
    virtual WalletControl* wallet(const std::string& name) = 0;
    /// Return warnings.
    virtual Result<std::vector<std::string>> create_wallet(const WalletCreation& creation) = 0;
    virtual Result<std::vector<std::string>> load_wallet(const std::string& name,
                                                         std::optional<bool> on_startup) = 0;
    virtual Result<std::vector<std::string>> unload_wallet(const std::string& name,
                                                           std::optional<bool> on_startup) = 0;
};

}  // namespace parley::rpc
