// WalletStore: the form in which a wallet lies in its Storage. One key for each thing, by its first
// byte: 'V' format and flags, 'D' descriptors, 'T' transactions, 'A' labels, 'L' locked coins, 'B'
// the blocks up to which all of this is true. Values have a version of their own only through 'V'.
// It collects changes; flush() commits them as one batch. Part of Wallet; core thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/storage/storage.h"
#include "wallet/ledger.h"
#include "wallet/wallet_error.h"

namespace parley {

struct ChainParams;

struct WalletMeta {
    std::string chain;  ///< ChainParams::name
    bool private_keys = true;
    bool blank = false;
    int64_t birth_time = 0;  ///< Unix seconds

    bool operator==(const WalletMeta&) const = default;
};

/// An entry of the address book, by its script.
struct AddressLabel {
    std::string label;
    bool send = false;  ///< somebody else's; otherwise one that we gave out

    bool operator==(const AddressLabel&) const = default;
};
using AddressBook = std::map<Script, AddressLabel>;

/// The active chain as the wallet has seen it: the block that it stands at, a dense run of those
/// below, and a sparse rest. After a start it tells where chain and wallet part.
using ChainTrail = std::map<Height, BlockHash>;

/// Everything that is in a store.
struct StoredWallet {
    WalletMeta meta;
    std::vector<DescriptorRecord> descriptors;  ///< by number
    std::vector<LedgerTx> transactions;         ///< by txid
    AddressBook labels;
    std::set<OutPoint> locked;
    ChainTrail trail;
};

class WalletStore {
 public:
    WalletStore(std::unique_ptr<Storage> storage, const ChainParams& params)
        : storage_(std::move(storage)), params_(params) {}

    bool empty() const;
    Expected<StoredWallet, WalletError> load() const;

    void put_meta(const WalletMeta& meta);
    void put_descriptor(const DescriptorRecord& record);
    void put_transaction(const LedgerTx& transaction);
    void erase_transaction(const Txid& txid);
    void put_label(const Script& script, const AddressLabel& label);
    void put_lock(const OutPoint& outpoint);
    void erase_lock(const OutPoint& outpoint);
    void put_trail(Height height, const BlockHash& hash);
    void erase_trail(Height height);

    /// Commits what was put since the last call, if anything.
    void flush();

 private:
    std::unique_ptr<Storage> storage_;
    const ChainParams& params_;
    WriteBatch batch_;
};

}  // namespace parley
