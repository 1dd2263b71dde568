// NodeControlImpl: what the RPC methods may ask, answered from the node's parts. Values are copied
// out. Core thread only, and only inside event::Invoke.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/node.h"
#include "rpc/node_view.h"

namespace parley {

struct HeaderNode;
struct MempoolEntry;
class WalletControlImpl;

class NodeControlImpl final : public rpc::NodeControl {
 public:
    explicit NodeControlImpl(Node& node);
    ~NodeControlImpl() override;

    rpc::ChainSummary chain() const override;
    std::optional<BlockSummary> block_summary(const BlockHash& hash) const override;
    std::optional<BlockSummary> block_at(Height height) const override;
    rpc::DeploymentSummary deployments(const BlockHash& hash) const override;
    rpc::Result<BlockRef> block(const BlockHash& hash) const override;
    rpc::Result<KnownBlock> block_with_spent(const BlockHash& hash) const override;
    std::vector<rpc::IndexSummary> indexes() const override;
    rpc::Result<std::optional<rpc::IndexedTransaction>> indexed_transaction(
        const Txid& txid) const override;
    std::vector<rpc::ChainTip> chain_tips() const override;
    std::optional<Coin> coin(const OutPoint& outpoint, bool mempool) const override;
    rpc::ForkStats fork_stats(std::optional<uint32_t> heights) const override;
    rpc::ConsensusSummary consensus() const override;

    rpc::MempoolSummary mempool() const override;
    std::vector<rpc::MempoolEntry> mempool_entries() const override;
    std::vector<Txid> mempool_txids() const override;
    std::optional<rpc::MempoolEntry> mempool_entry(const Txid& txid) const override;
    std::vector<rpc::MempoolEntry> mempool_ancestors(const Txid& txid) const override;
    std::vector<rpc::MempoolEntry> mempool_descendants(const Txid& txid) const override;
    std::optional<Txid> mempool_spender(const OutPoint& outpoint) const override;
    std::vector<rpc::TxAdmission> test_accept(
        const std::vector<TransactionRef>& transactions) const override;

    rpc::Result<rpc::BlockTemplate> block_template() const override;
    rpc::Result<BlockRef> build_block(
        const Script& coinbase,
        const std::optional<std::vector<TransactionRef>>& transactions) const override;
    std::string check_proposal(const BlockRef& block) const override;
    rpc::MiningSummary mining() const override;

    rpc::NetworkSummary network() const override;
    std::vector<rpc::PeerSummary> peers() const override;
    std::vector<rpc::AddedNode> added_nodes() const override;
    std::vector<rpc::KnownAddress> known_addresses() const override;

    rpc::Result<rpc::DescriptorSummary> describe(const std::string& descriptor) const override;
    rpc::Result<std::vector<Script>> expand_descriptor(const std::string& descriptor,
                                                       uint32_t first,
                                                       uint32_t last) const override;
    rpc::SignOutcome sign_with_keys(const TransactionData& transaction,
                                    const std::vector<ExportedKey>& keys,
                                    const std::vector<std::optional<TxOutput>>& spent,
                                    uint8_t sighash_type) const override;

    bool wallets_enabled() const override;
    std::vector<std::string> loaded_wallets() const override;
    std::vector<std::string> wallet_directory() const override;
    Duration uptime() const override;

    rpc::Status invalidate_block(const BlockHash& hash) override;
    rpc::Status reconsider_block(const BlockHash& hash) override;
    uint64_t coins_size_on_disk() const override;
    rpc::Result<std::optional<Height>> prune_blocks(Height height) override;
    rpc::Status prefer_block(const BlockHash& hash) override;
    bool verify_chain(int level, int32_t blocks) override;
    std::string submit_block(const BlockRef& block) override;
    rpc::Status submit_header(const BlockHeader& header) override;
    rpc::Status for_each_coin(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor) override;
    rpc::TxAdmission submit_transaction(const TransactionRef& transaction) override;

    rpc::Status add_node(const std::string& address, rpc::AddNodeAction action) override;
    rpc::Status disconnect_node(const std::string& address) override;
    rpc::Status disconnect_node(PeerId peer) override;
    void ping_peers() override;
    void set_network_active(bool active) override;

    void set_mock_time(int64_t seconds) override;
    rpc::Status set_automine(const std::string& mode) override;
    void stop() override;

    rpc::WalletControl* wallet(const std::string& name) override;
    rpc::Result<std::vector<std::string>> create_wallet(
        const rpc::WalletCreation& creation) override;
    rpc::Result<std::vector<std::string>> load_wallet(const std::string& name,
                                                      std::optional<bool> on_startup) override;
    rpc::Result<std::vector<std::string>> unload_wallet(const std::string& name,
                                                        std::optional<bool> on_startup) override;

 private:
    rpc::MempoolEntry summarise(const MempoolEntry& entry) const;

    Node& node_;
    std::map<std::string, std::unique_ptr<WalletControlImpl>> wallets_;
};

}  // namespace parley
