// WalletStore: the format of a wallet in its Storage. The first byte of a key is the kind of
// record: 'V' format and flags, 'D' descriptors, 'T' transactions, 'A' labels, 'L' locked coins,
// 'B' the blocks that the records reflect. 'V' has the format version for all values. Changes are
// collected, and committed as one batch by flush(). Part of Wallet; core thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/storage/storage.h"
#include "wallet/backup/wallet_file.h"
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

/// An address book entry, keyed by its script.
struct AddressLabel {
    std::string label;
    bool send = false;  ///< another party's address; otherwise one of ours

    bool operator==(const AddressLabel&) const = default;
};
using AddressBook = std::map<Script, AddressLabel>;

/// The active chain as last seen by the wallet: its last block, a dense run of the blocks below,
/// and sparse older ones. At start-up it determines where chain and wallet diverge.
using ChainTrail = std::map<Height, BlockHash>;

/// The content of a store.
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
    /// What was flushed, in ascending order of the keys.
    Expected<WalletRecords, WalletError> records() const;

    void put_meta(const WalletMeta& meta);
    void put_descriptor(const DescriptorRecord& record);
    void put_transaction(const LedgerTx& transaction);
    void erase_transaction(const Txid& txid);
    void put_label(const Script& script, const AddressLabel& label);
    void put_lock(const OutPoint& outpoint);
    void erase_lock(const OutPoint& outpoint);
    void put_trail(Height height, const BlockHash& hash);
    void erase_trail(Height height);

    /// Commits what was put since the last call, if anything. What creates or exposes a key or an
    /// address must be on disk before anybody learns of it (`synced`): after a power failure, a
    /// lost seed would lose money, and an address would be given to two payers. So must a new
    /// wallet.
    void flush(Durability durability);

 private:
    std::unique_ptr<Storage> storage_;
    const ChainParams& params_;
    WriteBatch batch_;
    bool meta_changed_ = false;
};

}  // namespace parley
