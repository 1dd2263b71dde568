// WalletControlImpl: what the RPC methods ask of one loaded wallet, translated between wallet/'s
// values and rpc/'s. Core thread only, and only inside event::Invoke.
#pragma once

#include "node/node.h"
#include "rpc/wallet_view.h"
#include "wallet/wallet.h"

namespace parley {

class WalletControlImpl final : public rpc::WalletControl {
 public:
    WalletControlImpl(Node& node, Wallet& wallet) : node_(node), wallet_(wallet) {}

    rpc::WalletSummary summary() const override;
    rpc::WalletBalances balances(int32_t confirmations_min) const override;
    std::vector<rpc::WalletUnspent> unspent(const rpc::WalletUnspentQuery& query) const override;
    std::vector<rpc::WalletListed> list(const std::optional<std::string>& label, uint64_t count,
                                        uint64_t skip) const override;
    std::vector<rpc::WalletListed> list_since(const std::optional<BlockHash>& since) const override;
    std::optional<rpc::WalletTxView> transaction(const Txid& txid) const override;
    std::vector<rpc::WalletReceived> received(int32_t confirmations_min,
                                              bool include_empty) const override;
    rpc::WalletAddress address(const Script& script) const override;
    std::vector<rpc::WalletLabelled> address_book() const override;
    std::vector<OutPoint> locked() const override;
    rpc::Result<std::vector<rpc::WalletDescriptor>> descriptors(
        bool with_private_keys) const override;
    std::optional<TxOutput> known_output(const OutPoint& outpoint) const override;
    SignResult sign(const TransactionData& transaction, const SpentOutputs& spent,
                    uint8_t sighash_type) const override;

    rpc::Result<std::string> new_address(AddressFor use, const std::string& label,
                                         const std::string& type) override;
    rpc::Status set_label(const std::string& address, const std::string& label) override;
    rpc::Result<rpc::WalletSent> send(const rpc::WalletSpend& request) override;
    rpc::Result<rpc::WalletSent> fund(const TransactionData& transaction,
                                      const rpc::WalletFunding& request) override;
    rpc::Result<rpc::WalletBumped> bump_fee(const Txid& txid,
                                            std::optional<Amount> fee_rate) override;
    std::vector<rpc::Status> import_descriptors(
        const std::vector<rpc::WalletImport>& imports) override;
    rpc::Result<std::pair<Height, Height>> rescan(Height first,
                                                  std::optional<Height> last) override;
    rpc::Status lock_coin(const OutPoint& outpoint, bool persistent) override;
    rpc::Status unlock_coin(const OutPoint& outpoint) override;
    void unlock_all_coins() override;
    rpc::Status abandon(const Txid& txid) override;

 private:
    Node& node_;
    Wallet& wallet_;
};

}  // namespace parley
