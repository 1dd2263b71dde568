// Wallet::Impl: the parts of a wallet. Its functions are in wallet.cpp (life cycle and events),
// wallet_addresses.cpp (addresses, labels, descriptors), wallet_history.cpp (balances, coins and
// history) and wallet_spend.cpp (new transactions). Core thread only.
#pragma once

#include <set>

#include "wallet/keys/wallet_keys.h"
#include "wallet/ledger.h"
#include "wallet/wallet.h"
#include "wallet/wallet_store.h"

namespace parley {

struct SelectionResult;

class Wallet::Impl {
 public:
    Impl(std::string wallet_name, std::unique_ptr<Storage> storage,
         const WalletContext& wallet_context, WalletMeta wallet_meta);

    // wallet.cpp
    void restore(StoredWallet stored);
    Expected<void, WalletError> catch_up(TimePoint now);
    Expected<void, WalletError> start_chain_trail();
    void block_connected(const Block& block, const BlockHash& hash, Height height);
    void block_disconnected(const Block& block, const BlockHash& hash, Height height);
    /// The first height whose block can contain transactions of a script not used before
    /// `timestamp`.
    Height height_for_time(int64_t timestamp) const;
    void look_at_mempool(int64_t time);
    /// Writes all changes in one batch.
    void save();
    WalletNotice notice(const LedgerTx& transaction) const;

    // wallet_addresses.cpp
    void add_seed(ByteSpan seed, int64_t timestamp);
    Expected<Script, WalletError> next_script(AddressType type, bool internal);
    Expected<void, WalletError> import_descriptor(const DescriptorImport& request, TimePoint now);
    void add_import(const DescriptorImport& request, Descriptor descriptor, TimePoint now);
    Expected<RescanResult, WalletError> rescan(Height begin, Height end);
    AddressInfo address_info(const Script& script) const;
    bool is_change(const Script& script) const;
    std::optional<std::string> label_of(const Script& script) const;
    std::optional<std::string> address_of(const Script& script) const;
    /// "wpkh([d34db33f/84h/1h/0h/0/3]02...)#checksum": a descriptor for a script of the wallet.
    std::optional<std::string> script_descriptor(const Script& script) const;
    std::vector<std::string> parent_descriptors(const Script& script) const;

    // wallet_history.cpp
    WalletTxInfo info_of(const LedgerTx& transaction) const;
    std::vector<WalletTxDetail> details_of(const LedgerTx& transaction,
                                           const std::optional<std::string>& label) const;
    bool is_received(const LedgerTx& transaction, const ReceivedQuery& query) const;

    // wallet_spend.cpp
    Expected<SpendResult, WalletError> create_transaction(const SpendRequest& request);

    const std::string name;
    const WalletContext context;
    WalletStore store;
    WalletMeta meta;
    WalletKeys keys;
    Ledger ledger;
    AddressBook labels;
    std::set<OutPoint> locked;
    std::set<OutPoint> locked_persistent;  // the part of `locked` that is stored
    ChainTrail trail;
    std::vector<WalletNotice> notices;  ///< not taken yet
};

}  // namespace parley
