// Wallet: keys (by descriptors), the transactions that concern them, balances, and new
// transactions. It follows the active chain block by block, and writes each block's changes in one
// batch, together with the block reached, from which a loaded wallet continues. It reads the chain
// through WalletNodeView. Its store holds private keys unencrypted.
//
// Called by WalletManager (chain and mempool events) and by node/ (requests). Core thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/log.h"
#include "base/random.h"
#include "base/storage/storage.h"
#include "base/time.h"
#include "chain/rules/tx_reject.h"
#include "wallet/backup/wallet_file.h"
#include "wallet/node_view.h"
#include "wallet/signing/signer.h"
#include "wallet/wallet_error.h"
#include "wallet/wallet_options.h"
#include "wallet/wallet_types.h"

namespace parley {

struct ChainParams;

/// What a wallet borrows from the node. All of it must outlive the wallet.
struct WalletContext {
    const WalletOptions& options;
    const ChainParams& params;
    const WalletNodeView& node;
    Random& random;   ///< order of outputs and inputs
    Random& secrets;  ///< seeds
    LogSink& log;
};

struct WalletCreateOptions {
    bool private_keys = true;  ///< off: watch-only, imports of public descriptors only
    bool blank = false;        ///< no seed is generated
};

/// The heights that were scanned, both inclusive.
struct RescanResult {
    Height begin{0};
    Height end{0};
};

class Wallet {
 public:
    using Ref = std::unique_ptr<Wallet>;
    class Impl;  ///< private to wallet/

    /// Creates a wallet in an empty store; it starts at the tip. `seed` (for tests) replaces one
    /// from `secrets`.
    static Expected<Ref, WalletError> create(std::string name, std::unique_ptr<Storage> storage,
                                             const WalletContext& context,
                                             const WalletCreateOptions& options, TimePoint now,
                                             std::optional<Bytes> seed = std::nullopt);
    /// Opens a store and catches up with the active chain.
    static Expected<Ref, WalletError> load(std::string name, std::unique_ptr<Storage> storage,
                                           const WalletContext& context, TimePoint now);
    /// For create() and load().
    explicit Wallet(std::unique_ptr<Impl> impl);
    ~Wallet();
    Wallet(const Wallet&) = delete;
    Wallet& operator=(const Wallet&) = delete;

    const std::string& name() const;

    // --- events ---------------------------------------------------------------------------------

    void block_connected(const Block& block, const BlockHash& hash, Height height);
    void block_disconnected(const Block& block, const BlockHash& hash, Height height);
    void transaction_added_to_mempool(const TransactionRef& transaction, TimePoint now);
    /// For any reason other than a connected block, which block_connected() reports.
    void transaction_removed_from_mempool(const TransactionRef& transaction);
    /// The wallet's unconfirmed transactions that are not in the mempool, parents first, to be
    /// submitted again; rebroadcast_judged() takes each verdict.
    std::vector<TransactionRef> waiting_transactions() const;
    void rebroadcast_judged(const TransactionRef& transaction,
                            const std::optional<TxReject>& reject);

    /// Since the last call; with WalletOptions::notices.
    std::vector<WalletNotice> take_notices();

    // --- balances, coins and history ------------------------------------------------------------

    WalletInfo info() const;
    WalletBalances balances(int32_t confirmations_min = 0) const;
    /// Takes microseconds for each coin; describe() takes ten times as long.
    std::vector<UnspentOutput> list_unspent(const UnspentQuery& query = {}) const;
    /// REQUIRES: a script of the wallet.
    UnspentDescription describe(const Script& script) const;
    /// The latest `count` after skipping `skip`, oldest first. `label`: only receives with this
    /// label.
    std::vector<ListedTransaction> list_transactions(const std::optional<std::string>& label,
                                                     size_t count, size_t skip) const;
    /// Transactions of blocks after `since` (empty: all) and unconfirmed ones; oldest first.
    std::vector<ListedTransaction> list_since(const std::optional<BlockHash>& since) const;
    std::optional<TransactionView> transaction(const Txid& txid) const;
    /// By scripts that have labels.
    std::vector<ReceivedByScript> list_received(const ReceivedQuery& query) const;
    /// By these scripts, labelled or not.
    Amount received(const std::set<Script>& scripts, const ReceivedQuery& query) const;
    std::vector<AddressGroup> address_groups() const;
    bool is_mine(const Script& script) const;

    // --- addresses and labels -------------------------------------------------------------------

    Expected<std::string, WalletError> new_address(const std::string& label,
                                                   std::optional<AddressType> type = std::nullopt);
    Expected<std::string, WalletError> new_change_address(
        std::optional<AddressType> type = std::nullopt);
    AddressInfo address_info(const Script& script) const;
    Expected<void, WalletError> set_label(const std::string& address, const std::string& label);
    std::vector<LabelledAddress> labelled_addresses() const;

    // --- descriptors and rescans ----------------------------------------------------------------

    /// One result per request. Rescans from the lowest timestamp of those that succeeded.
    std::vector<Expected<void, WalletError>> import_descriptors(
        const std::vector<DescriptorImport>& imports, TimePoint now);
    std::vector<DescriptorInfo> list_descriptors(bool with_secrets) const;
    /// In the order of their texts. The private keys contain secrets.
    std::vector<HdKeyInfo> hd_keys(bool active_only) const;
    /// Watches at least `size` unused scripts of each active range; 0: as many as the option says.
    void refill_keys(uint32_t size);
    /// Scans the blocks of the active chain from `begin` to `end` (default: the tip) again.
    Expected<RescanResult, WalletError> rescan(Height begin,
                                               std::optional<Height> end = std::nullopt);
    /// The first height whose block may have a time of `timestamp` or later, with bitcoind's
    /// tolerance of two hours.
    Height height_for_timestamp(int64_t timestamp) const;

    // --- spending -------------------------------------------------------------------------------

    // A payment takes three steps: it is created; record() stores it before it leaves the node, so
    // that a crash cannot make the wallet forget it; and settle() keeps or removes it, depending on
    // the mempool's verdict. Node::send() and Node::bump_fee() do all three.

    Expected<SpendResult, WalletError> create_transaction(const SpendRequest& request);
    /// The payments of `txid`, or others, with a higher fee.
    struct Replacement {
        SpendResult spend;
        Amount original_fee{0};
        SpendNotes notes;
    };
    Expected<Replacement, WalletError> create_replacement(const Txid& txid,
                                                          const BumpRequest& bump);

    struct RecordedSpend {
        TransactionRef transaction;
        bool known = false;  ///< the wallet already had it
        std::optional<Txid> replaces;
    };
    RecordedSpend record(const TransactionRef& transaction, const SpendNotes& notes, TimePoint now);
    /// The transaction was not submitted: removes it.
    void forget(const RecordedSpend& spend);
    /// A refusal is an error, unless the transaction is already in the mempool.
    Expected<Txid, WalletError> settle(const RecordedSpend& spend,
                                       const std::optional<TxReject>& reject, TimePoint now);
    /// Signs with the wallet's keys. Outputs missing from `spent` are looked up in the wallet.
    SignResult sign(const TransactionData& transaction, SpentOutputs spent,
                    uint8_t sighash_type = kSighashAll) const;
    /// What is known about spending an output. Empty: not the wallet's, or only watched.
    std::optional<SolvingData> solving_data(const Script& output, bool with_secrets) const;
    /// The key whose public key has this hash160, with its secret if known.
    std::optional<DerivedKey> key_of_hash(const Hash160& hash) const;
    /// The output, if the wallet knows its transaction.
    std::optional<TxOutput> known_output(const OutPoint& outpoint) const;
    Expected<void, WalletError> abandon(const Txid& txid);

    /// Coins excluded from coin selection. Persistent ones stay locked after a restart.
    Expected<void, WalletError> lock_unspent(const OutPoint& outpoint, bool persistent);
    Expected<void, WalletError> unlock_unspent(const OutPoint& outpoint);
    void unlock_all();
    std::vector<OutPoint> locked() const;

    /// All records of the store, in ascending order of their keys. They contain private keys.
    Expected<WalletRecords, WalletError> records() const;

    /// CHECKs the indexes against the transactions. Slow. For tests.
    void check_consistency() const;

 private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
