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
#include <variant>
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

namespace mempool_input {

/// Takes the transaction if it is valid above the tip and passes policy. Answered by Judged.
struct Submit {
    TransactionRef transaction;
};
/// The active chain has changed, and the ChainContext shows the new tip. Blocks left, from the old
/// tip downwards, then others joined, upwards. What the blocks that left held is taken back where
/// it is valid, and what is not valid any more is dropped. Answered by Failed, or not at all.
struct ChainMoved {
    std::vector<BlockRef> disconnected;
    std::vector<BlockRef> connected;
};

}  // namespace mempool_input

using MempoolInput = std::variant<mempool_input::Submit, mempool_input::ChainMoved>;

namespace mempool_output {

/// Something that happened to the mempool, for relay, wallets and notifications.
struct Changed {
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
/// The answer to Submit. On a StorageError there is no verdict, and nothing has changed.
struct Judged {
    TransactionRef transaction;
    Expected<AcceptInfo, TxFailure> verdict;
};
/// A coin could not be read, and nothing was judged by it. The pool may contradict the chain from
/// now on: the node must stop.
struct Failed {
    StorageError error;
};

}  // namespace mempool_output

/// In the order in which it happened; Judged and Failed come last.
using MempoolOutput =
    std::variant<mempool_output::Changed, mempool_output::Judged, mempool_output::Failed>;
using MempoolOutputs = std::vector<MempoolOutput>;

class Mempool {
 public:
    /// Borrows all but the options; they must outlive the mempool.
    Mempool(MempoolOptions options, const ChainParams& params, const ChainContext& chain,
            ScriptVerifier& verifier, LogSink& log);
    ~Mempool();
    Mempool(const Mempool&) = delete;
    Mempool& operator=(const Mempool&) = delete;

    /// Each input also expires what is too old, and enforces the limit of memory.
    MempoolOutputs handle(MempoolInput input, TimePoint now);

    /// What Submit would be answered (except "mempool full"), without taking it.
    Expected<AcceptInfo, TxFailure> test_accept(const TransactionRef& transaction,
                                                TimePoint now) const;

    /// The same for several, each on top of the ones before it, none replacing others unless it is
    /// alone. Nothing is taken; the answers end with the first refusal. REQUIRES: at most
    /// kPackageCountMax.
    static constexpr size_t kPackageCountMax = 25;  // as bitcoind's packages
    Expected<std::vector<Expected<AcceptInfo, TxReject>>, StorageError> test_accept_package(
        const std::vector<TransactionRef>& transactions, TimePoint now) const;

    /// Adds to the fee that block building and eviction count (prioritisetransaction); works also
    /// for a transaction that is yet to come. Zero total forgets it.
    void prioritise(const Txid& txid, Amount delta);
    std::vector<std::pair<Txid, Amount>> prioritised() const;

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
