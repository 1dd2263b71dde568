// FakeNode: a NodeControl of plain fields for the tests of the wallet methods. Runner: dispatcher,
// gateway and host around one FakeNode. Single-threaded.
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
#include "tests/unit/rpc/rpc_fixture.h"

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
    SignResult signature;
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
    mutable SpentOutputs sign_spent;
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
    SignResult sign(const TransactionData&, const SpentOutputs& spent,
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
    std::map<OutPoint, Coin> coins;
    bool wallets_on = true;
    std::map<std::string, FakeWallet> wallets;
    WalletCreation creation_asked;

    /// A block on top of the chain.
    BlockRef extend();
    BlockHash tip_hash() const { return blocks.back()->header.hash(); }

    BlockSummary tip() const override { return summarise(blocks.size() - 1); }
    std::optional<BlockSummary> block_summary(const BlockHash& hash) const override;
    std::optional<BlockSummary> block_at(Height height) const override;
    Result<BlockRef> block(const BlockHash& hash) const override;
    std::optional<Coin> coin(const OutPoint& outpoint, bool mempool) const override;
    bool wallets_enabled() const override { return wallets_on; }
    std::vector<std::string> loaded_wallets() const override;
    std::vector<std::string> wallet_directory() const override { return {"old", "w"}; }
    WalletControl* wallet(const std::string& name) override;
    Result<std::vector<std::string>> create_wallet(const WalletCreation& creation) override;
    Result<std::vector<std::string>> load_wallet(const std::string& name,
                                                 std::optional<bool>) override;
    Result<std::vector<std::string>> unload_wallet(const std::string& name,
                                                   std::optional<bool>) override;

 private:
    BlockSummary summarise(size_t height) const;
};

class FakeGateway final : public NodeGateway {
 public:
    explicit FakeGateway(FakeNode& node) : node_(node) {}
    std::shared_ptr<const ChainSnapshot> chain() const override { return nullptr; }
    bool run(const std::function<void(Node&)>&) override { return false; }
    bool run_control(const std::function<void(NodeControl&)>& call) override {
        call(node_);
        return true;
    }

 private:
    FakeNode& node_;
};

struct FakeNodeAndGateway {
    FakeNode node;
    FakeGateway gateway{node};
};

struct Runner : FakeNodeAndGateway, RpcCaller {
    Runner() : RpcCaller(node.chain_params, gateway) {}
};

/// A node with one loaded wallet, "w".
struct WalletRunner : Runner {
    WalletRunner() { wallet().info.name = "w"; }
    FakeWallet& wallet() { return node.wallets["w"]; }
};

/// As a wallet reports a transaction with three confirmations.
WalletTx confirmed_tx(const TransactionRef& transaction);

}  // namespace parley::rpc::test
