// Mempool: the unconfirmed transactions that this node would mine and relays. It checks policy and
// the spends (scripts through ScriptVerifier), keeps the graph of unconfirmed parents and children,
// replaces by fee, forgets the cheapest when full, and takes transactions back after a
// reorganisation. It is not consensus: nothing here makes a block valid or invalid.
//
// Called by node/ only. Core thread only. References to entries hold until the next call that is
// not const.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/log.h"
#include "base/time.h"
#include "chain/primitives/block.h"
#include "chain/primitives/coins.h"
#include "chain/primitives/fee_rate.h"
#include "chain/rules/tx_reject.h"
#include "chain/script/script_check.h"
#include "mempool/chain_context.h"
#include "mempool/mempool_options.h"

namespace parley {

struct ChainParams;

struct AcceptInfo {
    Amount fee{0};
    int64_t virtual_size = 0;              ///< sigop-adjusted, as the fee rate counts it
    std::vector<TransactionRef> replaced;  ///< with their descendants
};

/// Sums over a transaction and all of its ancestors, or all of its descendants, in the mempool.
struct MempoolSums {
    int64_t count = 0;
    int64_t virtual_size = 0;
    Amount fees{0};  ///< modified fees
    int64_t sigops_cost = 0;
    int64_t weight = 0;
    bool operator==(const MempoolSums&) const = default;
};

struct MempoolEntry {
    TransactionRef transaction;
    Amount fee{0};
    Amount fee_delta{0};  ///< from prioritise()
    int64_t virtual_size = 0;
    int64_t sigops_cost = 0;
    TimePoint time{};      ///< of arrival
    Height height{0};      ///< of the tip on arrival
    int64_t sequence = 0;  ///< order of arrival; parents are always below their children
    bool spends_coinbase = false;
    size_t usage_bytes = 0;  ///< estimate of the memory that the entry holds

    MempoolSums ancestors;    ///< with itself
    MempoolSums descendants;  ///< with itself
    /// Each once, in no particular order.
    std::vector<const MempoolEntry*> parents;
    std::vector<const MempoolEntry*> children;

    Amount modified_fee() const { return fee + fee_delta; }
    const Txid& txid() const { return transaction->txid(); }
};

/// Something that happened to the mempool, for relay, wallets and notifications.
struct MempoolChange {
    enum class Kind : uint8_t {
        added,
        returned,    ///< added again: its block was disconnected
        confirmed,   ///< removed: is in a connected block
        conflicted,  ///< removed: a connected block spends one of its inputs
        replaced,
        expired,
        evicted,     ///< removed: the mempool was full
        reorganised  ///< removed: not valid any more on the new branch
    };
    Kind kind = Kind::added;
    TransactionRef transaction;
    uint64_t sequence = 0;  ///< numbers the changes from 1 (zmq, getrawmempool mempool_sequence)

    bool removal() const { return kind != Kind::added && kind != Kind::returned; }
};

class Mempool {
 public:
    /// Borrows all but the options; they must outlive the mempool.
    Mempool(MempoolOptions options, const ChainParams& params, const ChainContext& chain,
            ScriptVerifier& verifier, LogSink& log);
    ~Mempool();
    Mempool(const Mempool&) = delete;
    Mempool& operator=(const Mempool&) = delete;

    // --- transactions come and go ---------------------------------------------------------------

    /// Takes the transaction if it is valid above the tip and passes policy. On a StorageError
    /// nothing has changed.
    Expected<AcceptInfo, TxFailure> submit(const TransactionRef& transaction, TimePoint now);

    /// What submit would answer (except "mempool full"), without taking it.
    Expected<AcceptInfo, TxFailure> test_accept(const TransactionRef& transaction,
                                                TimePoint now) const;

    /// The same for several, each on top of the ones before it, none replacing others unless it is
    /// alone. Nothing is taken; the answers end with the first refusal. REQUIRES: at most
    /// kPackageCountMax.
    static constexpr size_t kPackageCountMax = 25;  // as bitcoind's packages
    Expected<std::vector<Expected<AcceptInfo, TxReject>>, StorageError> test_accept_package(
        const std::vector<TransactionRef>& transactions, TimePoint now) const;

    /// A block was connected to (disconnected from) the active chain. Call in the order in which
    /// it happened, then chain_updated() once; between them the pool may contradict the chain.
    void block_connected(const Block& block);
    void block_disconnected(const BlockRef& block);
    /// After a disconnect: takes back what is valid and drops what is not. Then, always, expires
    /// old transactions and enforces the size limit. The ChainContext must show the new tip. On a
    /// StorageError nothing was judged by a coin that could not be read; the pool may contradict
    /// the chain from then on, so that the node must stop.
    Expected<void, StorageError> chain_updated(TimePoint now);

    /// Removes what is older than the expiry, with descendants. Returns how many.
    size_t expire(TimePoint now);

    /// Adds to the fee that block building and eviction count (prioritisetransaction); works also
    /// for a transaction that is yet to come. Zero total forgets it.
    void prioritise(const Txid& txid, Amount delta);
    std::vector<std::pair<Txid, Amount>> prioritised() const;

    /// What happened since the last call, in order.
    std::vector<MempoolChange> take_changes();

    // --- queries --------------------------------------------------------------------------------

    const MempoolEntry* find(const Txid& txid) const;
    const MempoolEntry* find_by_wtxid(const Wtxid& wtxid) const;
    bool contains(const Txid& txid) const { return find(txid) != nullptr; }
    /// The entry that spends the outpoint, or null.
    const MempoolEntry* spender(const OutPoint& outpoint) const;

    /// In order of arrival (parents before children); return false to stop.
    void for_each(const std::function<bool(const MempoolEntry&)>& visit) const;
    /// Highest ancestor fee rate first; return false to stop. For BlockBuilder.
    void for_each_by_ancestor_fee_rate(const std::function<bool(const MempoolEntry&)>& visit) const;

    /// Without the entry itself; by order of arrival.
    std::vector<const MempoolEntry*> ancestors(const MempoolEntry& entry) const;
    std::vector<const MempoolEntry*> descendants(const MempoolEntry& entry) const;
    /// Everything that is connected with the entry, itself included; by order of arrival.
    std::vector<const MempoolEntry*> cluster(const MempoolEntry& entry) const;

    /// Coins of the chain and of the mempool, without those that the mempool spends. Coins of the
    /// mempool have the height kMempoolHeight. Borrows from the mempool.
    const CoinsView& coins() const;
    static constexpr Height kMempoolHeight{0x7fffffff};

    size_t size() const;
    int64_t total_virtual_size() const;
    int64_t total_bytes() const;
    Amount total_fees() const;
    int64_t usage_bytes() const;
    /// The least fee rate that is taken now: rises when the pool is full, halves with time after
    /// blocks. At least min_relay_fee.
    FeeRate min_fee(TimePoint now) const;
    /// Number of the last change.
    uint64_t sequence() const;
    const MempoolOptions& options() const;

    /// CHECKs that the graph, the sums and the indexes agree; for tests and -checkmempool. Slow.
    void check_consistency() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
