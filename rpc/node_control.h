// NodeControlImpl: what the RPC methods may ask, answered from the node's parts. Values are copied
// out. Core thread only, and only inside event::Invoke.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/node.h"
#include "rpc/node_view.h"
#include "rpc/wallet_control.h"

namespace parley {

struct HeaderNode;
struct MempoolEntry;

class NodeControlImpl final : public rpc::NodeControl {
 public:
    explicit NodeControlImpl(Node& node) : node_(node) {}

    BlockSummary tip() const override;
    std::optional<BlockSummary> block_summary(const BlockHash& hash) const override;
    std::optional<BlockSummary> block_at(Height height) const override;
    rpc::Result<BlockRef> block(const BlockHash& hash) const override;
    std::optional<Coin> coin(const OutPoint& outpoint, bool mempool) const override;

    bool wallets_enabled() const override;
    std::vector<std::string> loaded_wallets() const override;
    std::vector<std::string> wallet_directory() const override;
    rpc::WalletControl* wallet(const std::string& name) override;
    rpc::Result<std::vector<std::string>> create_wallet(
        const rpc::WalletCreation& creation) override;
    rpc::Result<std::vector<std::string>> load_wallet(const std::string& name,
                                                      std::optional<bool> on_startup) override;
    rpc::Result<std::vector<std::string>> unload_wallet(const std::string& name,
                                                        std::optional<bool> on_startup) override;

 private:
    Node& node_;
    std::map<std::string, std::unique_ptr<WalletControlImpl>> wallets_;
};

}  // namespace parley
