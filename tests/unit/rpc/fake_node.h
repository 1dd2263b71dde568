// FakeNode: a NodeControl of plain fields for the tests of rpc/: a test sets what the node knows,
// sends a request through the real dispatcher, and looks at the reply and at what was asked of the
// node. Runner: dispatcher, gateway and host around one FakeNode. Single-threaded.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "chain/rules/params.h"
#include "rpc/jsonrpc/dispatcher.h"
#include "rpc/jsonrpc/json.h"
#include "rpc/node_view.h"

namespace parley::rpc::test {

class FakeWallet final : public WalletControl {
 public:
    WalletSummary info;
    WalletBalances balance;
    std::vector<WalletUnspent> coins;
    std::vector<WalletListed> listed;
    std::map<Txid, WalletTxView> views;
    std::vector<WalletReceived> received_entries;
    std::map<Script, WalletAddress> addresses;
    std::vector<WalletLabelled> book;
    std::vector<WalletDescriptor> known_descriptors;
    std::set<OutPoint> locks;
    std::map<OutPoint, TxOutput> outputs;
    SignOutcome signature;
    std::string next_address;
    Result<WalletSent> send_result = WalletSent{};
    Result<WalletBumped> bump_result = WalletBumped{};
    std::vector<Status> import_result;
    // what was asked
    mutable WalletUnspentQuery unspent_query;
    mutable int32_t confirmations_asked = -1;
    std::string label_asked, type_asked;
    AddressFor use_asked = AddressFor::receive;
    WalletSpend spend_asked;
    WalletFunding funding_asked;
    TransactionData funded;
    std::vector<WalletImport> imports_asked;
    std::pair<Height, std::optional<Height>> rescan_asked;
    mutable std::vector<std::optional<TxOutput>> sign_spent;
    mutable uint8_t sign_type = 0;
    std::optional<Amount> bump_rate_asked;
    bool lock_was_persistent = false;

    WalletSummary summary() const override { return info; }
    WalletBalances balances(int32_t confirmations_min) const override {
        confirmations_asked = confirmations_min;
        return balance;
    }
    std::vector<WalletUnspent> unspent(const WalletUnspentQuery& query) const override {
        unspent_query = query;
        return coins;
    }
    std::vector<WalletListed> list(const std::optional<std::string>& label, uint64_t count,
                                   uint64_t skip) const override;
    std::vector<WalletListed> list_since(const std::optional<BlockHash>&) const override {
        return listed;
    }
    std::optional<WalletTxView> transaction(const Txid& txid) const override {
        const auto found = views.find(txid);
        return found == views.end() ? std::nullopt : std::optional{found->second};
    }
    std::vector<WalletReceived> received(int32_t, bool) const override { return received_entries; }
    WalletAddress address(const Script& script) const override {
        const auto found = addresses.find(script);
        return found == addresses.end() ? WalletAddress{} : found->second;
    }
    std::vector<WalletLabelled> address_book() const override { return book; }
    std::vector<OutPoint> locked() const override { return {locks.begin(), locks.end()}; }
    Result<std::vector<WalletDescriptor>> descriptors(bool) const override {
        return known_descriptors;
    }
    std::optional<TxOutput> known_output(const OutPoint& outpoint) const override {
        const auto found = outputs.find(outpoint);
        return found == outputs.end() ? std::nullopt : std::optional{found->second};
    }
    SignOutcome sign(const TransactionData&, const std::vector<std::optional<TxOutput>>& spent,
                     uint8_t sighash_type) const override {
        sign_spent = spent;
        sign_type = sighash_type;
        return signature;
    }
    Result<std::string> new_address(AddressFor use, const std::string& label,
                                    const std::string& type) override {
        use_asked = use;
        label_asked = label;
        type_asked = type;
        return next_address;
    }
    Status set_label(const std::string& address, const std::string& label) override {
        book.push_back({address, label, false});
        return {};
    }
    Result<WalletSent> send(const WalletSpend& request) override {
        spend_asked = request;
        return send_result;
    }
    Result<WalletSent> fund(const TransactionData& transaction,
                            const WalletFunding& request) override {
        funded = transaction;
        funding_asked = request;
        return send_result;
    }
    Result<WalletBumped> bump_fee(const Txid&, std::optional<Amount> fee_rate) override {
        bump_rate_asked = fee_rate;
        return bump_result;
    }
    std::vector<Status> import_descriptors(const std::vector<WalletImport>& imports) override {
        imports_asked = imports;
        return import_result;
    }
    Result<std::pair<Height, Height>> rescan(Height first, std::optional<Height> last) override {
        rescan_asked = {first, last};
        return std::pair{first, last.value_or(info.last_block_height)};
    }
    Status lock_coin(const OutPoint& outpoint, bool persistent) override {
        lock_was_persistent = persistent;
        if (!locks.insert(outpoint).second)
            return failure(Code::invalid_parameter, "Invalid parameter, output already locked");
        return {};
    }
    Status unlock_coin(const OutPoint& outpoint) override {
        if (locks.erase(outpoint) == 0)
            return failure(Code::invalid_parameter, "Invalid parameter, expected locked output");
        return {};
    }
    void unlock_all_coins() override { locks.clear(); }
    Status abandon(const Txid& txid) override {
        if (!views.contains(txid))
            return failure(Code::address_or_key, "Invalid or non-wallet transaction id");
        return {};
    }
};

class FakeNode final : public NodeControl {
 public:
    FakeNode();

    ChainParams chain_params = regtest_params();
    std::vector<BlockRef> blocks;  ///< the active chain, genesis first
    ChainSummary summary;          ///< tip and best header are filled in
    std::vector<ChainTip> tips;
    std::map<OutPoint, Coin> coins;
    std::map<OutPoint, Coin> mempool_coins;
    ForkStats forks;
    DeploymentSummary deployment_summary;
    ConsensusSummary consensus_summary;
    MempoolSummary pool;
    std::vector<MempoolEntry> entries;
    std::map<OutPoint, Txid> spenders;
    std::vector<TxAdmission> admissions;  ///< answers of test_accept
    TxAdmission submitted_admission;
    BlockTemplate next_template;
    MiningSummary mining_summary;
    std::string submit_result;
    std::string proposal_result;
    std::optional<Error> build_error;
    NetworkSummary network_summary;
    std::vector<PeerSummary> peer_list;
    std::vector<AddedNode> added;
    std::vector<KnownAddress> addresses;
    DescriptorSummary descriptor;
    std::vector<Script> descriptor_scripts;
    std::optional<Error> descriptor_error;
    SignOutcome signature;
    bool wallets_on = true;
    std::map<std::string, FakeWallet> wallets;
    Duration up{std::chrono::seconds{90}};
    // what was asked
    std::vector<TransactionRef> submitted;
    std::vector<BlockRef> submitted_blocks;
    std::vector<std::pair<std::string, AddNodeAction>> add_node_calls;
    std::vector<std::string> disconnected;
    std::optional<int64_t> mock_time;
    std::vector<BlockHash> invalidated, reconsidered, preferred;
    std::pair<int, int32_t> verified;
    std::vector<IndexSummary> index_summaries;
    std::map<Txid, IndexedTransaction> indexed;
    Height pruned_asked{-1};
    bool verify_result = true;
    bool stopped = false;
    bool pinged = false;
    std::string automine_asked;
    WalletCreation creation_asked;
    mutable std::vector<ExportedKey> sign_keys;
    mutable std::vector<std::optional<TxOutput>> sign_spent;
    mutable uint8_t sign_type = 0;
    mutable std::pair<uint32_t, uint32_t> expand_range;

    /// A block on top of the chain with these transactions behind its coinbase.
    BlockRef extend(std::vector<TransactionRef> transactions = {});
    BlockHash tip_hash() const { return blocks.back()->header.hash(); }
    Height tip_height() const { return Height{static_cast<int32_t>(blocks.size()) - 1}; }

    ChainSummary chain() const override;
    std::optional<BlockSummary> block_summary(const BlockHash& hash) const override;
    std::optional<BlockSummary> block_at(Height height) const override;
    DeploymentSummary deployments(const BlockHash&) const override { return deployment_summary; }
    Result<BlockRef> block(const BlockHash& hash) const override;
    Result<KnownBlock> block_with_spent(const BlockHash& hash) const override;
    std::vector<ChainTip> chain_tips() const override { return tips; }
    std::optional<Coin> coin(const OutPoint& outpoint, bool mempool) const override;
    ForkStats fork_stats(std::optional<uint32_t>) const override { return forks; }
    ConsensusSummary consensus() const override { return consensus_summary; }
    MempoolSummary mempool() const override { return pool; }
    std::vector<MempoolEntry> mempool_entries() const override { return entries; }
    std::vector<Txid> mempool_txids() const override;
    std::optional<MempoolEntry> mempool_entry(const Txid& txid) const override;
    std::vector<MempoolEntry> mempool_ancestors(const Txid& txid) const override;
    std::vector<MempoolEntry> mempool_descendants(const Txid& txid) const override;
    std::optional<Txid> mempool_spender(const OutPoint& outpoint) const override;
    std::vector<TxAdmission> test_accept(
        const std::vector<TransactionRef>& transactions) const override;
    Result<BlockTemplate> block_template() const override { return next_template; }
    Result<BlockRef> build_block(
        const Script& coinbase,
        const std::optional<std::vector<TransactionRef>>& transactions) const override;
    std::string check_proposal(const BlockRef&) const override { return proposal_result; }
    MiningSummary mining() const override { return mining_summary; }
    NetworkSummary network() const override { return network_summary; }
    std::vector<PeerSummary> peers() const override { return peer_list; }
    std::vector<AddedNode> added_nodes() const override { return added; }
    std::vector<KnownAddress> known_addresses() const override { return addresses; }
    Result<DescriptorSummary> describe(const std::string&) const override;
    Result<std::vector<Script>> expand_descriptor(const std::string&, uint32_t first,
                                                  uint32_t last) const override;
    SignOutcome sign_with_keys(const TransactionData&, const std::vector<ExportedKey>& keys,
                               const std::vector<std::optional<TxOutput>>& spent,
                               uint8_t sighash_type) const override;
    bool wallets_enabled() const override { return wallets_on; }
    std::vector<std::string> loaded_wallets() const override;
    std::vector<std::string> wallet_directory() const override { return {"old", "w"}; }
    Duration uptime() const override { return up; }

    Status invalidate_block(const BlockHash& hash) override;
    Status reconsider_block(const BlockHash& hash) override;
    uint64_t coins_size_on_disk() const override { return 4'096; }
    Result<std::optional<Height>> prune_blocks(Height height) override {
        pruned_asked = height;
        return std::optional<Height>{height};
    }
    std::vector<IndexSummary> indexes() const override { return index_summaries; }
    Result<std::optional<IndexedTransaction>> indexed_transaction(const Txid& txid) const override {
        const auto found = indexed.find(txid);
        if (found == indexed.end()) return std::optional<IndexedTransaction>{};
        return std::optional{found->second};
    }
    Status prefer_block(const BlockHash& hash) override;
    bool verify_chain(int level, int32_t blocks) override {
        verified = {level, blocks};
        return verify_result;
    }
    std::string submit_block(const BlockRef& block) override;
    Status submit_header(const BlockHeader& header) override;
    Status for_each_coin(const std::function<bool(const OutPoint&, const Coin&)>& visitor) override;
    TxAdmission submit_transaction(const TransactionRef& transaction) override;
    Status add_node(const std::string& address, AddNodeAction action) override;
    Status disconnect_node(const std::string& address) override;
    Status disconnect_node(PeerId peer) override;
    void ping_peers() override { pinged = true; }
    void set_network_active(bool active) override { network_summary.active = active; }
    void set_mock_time(int64_t seconds) override { mock_time = seconds; }
    Status set_automine(const std::string& mode) override;
    void stop() override { stopped = true; }
    WalletControl* wallet(const std::string& name) override;
    Result<std::vector<std::string>> create_wallet(const WalletCreation& creation) override;
    Result<std::vector<std::string>> load_wallet(const std::string& name,
                                                 std::optional<bool>) override;
    Result<std::vector<std::string>> unload_wallet(const std::string& name,
                                                   std::optional<bool>) override;

 private:
    BlockSummary summarise(size_t height) const;
};

class FakeHost final : public Host {
 public:
    std::optional<std::string> warm_up_status;
    std::vector<LogCategoryState> categories{{"net", false}, {"rpc", true}};
    double hash_rate = 12'345;
    double hashes_per_second() const override { return hash_rate; }
    std::vector<std::string> started;
    Duration time{};
    bool stopping = false;
    std::function<void()> on_pause;

    std::optional<std::string> warm_up() const override { return warm_up_status; }
    std::string log_path() const override { return "/data/regtest/debug.log"; }
    std::shared_ptr<void> command_started(std::string_view method) override {
        started.emplace_back(method);
        return std::make_shared<int>(0);
    }
    std::vector<ActiveCommand> active_commands() const override {
        return {{started.empty() ? "" : started.back(), Duration{5}}};
    }
    std::vector<LogCategoryState> log_categories() const override { return categories; }
    bool set_log_category(std::string_view name, bool enabled) override;
    Duration steady_time() const override { return time; }
    bool pause(Duration duration) override {
        time += duration;
        if (on_pause) on_pause();
        return !stopping;
    }
};

class FakeGateway final : public NodeGateway {
 public:
    explicit FakeGateway(FakeNode& node) : node_(node) {}
    bool stopped = false;
    int steps = 0;
    std::shared_ptr<const ChainSnapshot> snapshot;  ///< null: none is known

    std::shared_ptr<const ChainSnapshot> chain() const override { return snapshot; }
    bool run(const std::function<void(NodeControl&)>& call) override {
        if (stopped) return false;
        ++steps;
        call(node_);
        return true;
    }

 private:
    FakeNode& node_;
};

/// The reply to one method, taken apart.
struct Reply {
    int status = 0;
    Json result;
    int code = 0;  ///< 0: no error
    std::string message;
    std::string text;  ///< the result's JSON as it was written, without white space
};

class Runner {
 public:
    FakeNode node;
    FakeHost host;
    FakeGateway gateway{node};
    NullLog log;
    Dispatcher dispatcher{node.chain_params, gateway, host, log};

    HttpReply post(const std::string& body, const std::string& path = "/");
    /// `params`: a JSON array or object.
    Reply call(const std::string& method, const std::string& params = "[]",
               const std::string& path = "/");
    /// The result as JSON text; fails the test on an error.
    std::string result(const std::string& method, const std::string& params = "[]",
                       const std::string& path = "/");
};

/// A node with one loaded wallet, "w".
struct WalletRunner : Runner {
    WalletRunner() { wallet().info.name = "w"; }
    FakeWallet& wallet() { return node.wallets["w"]; }
};

/// Of p2wpkh_script({}), on regtest.
inline constexpr const char* kAddress = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";

/// As a wallet reports a transaction with three confirmations.
WalletTx confirmed_tx(const TransactionRef& transaction);

/// An amount of coins, for short tests.
inline Amount coins(int64_t count) {
    return Amount{count * kCoin};
}

/// A transaction that spends one (made-up) output and pays `value` to a P2WPKH script.
TransactionRef simple_transaction(uint8_t seed, Amount value = Amount{kCoin});

}  // namespace parley::rpc::test
