// Mempool: the unconfirmed transactions that this node would mine and that it relays. It checks
// policy and the inputs (scripts through ScriptVerifier), maintains the graph of unconfirmed
// parents and children, replaces by fee, evicts the lowest fee rates when full, and takes
// transactions back after a reorganisation. It is not consensus: nothing here makes a block valid
// or invalid.
//
// Called by node/ only. Core thread only. References to entries are valid until the next non-const
// call.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
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
class FeeEstimator;

struct AcceptInfo {
    Amount fee{0};
    int64_t virtual_size = 0;              ///< sigop-adjusted, as used for the fee rate
    std::vector<TransactionRef> replaced;  ///< including their descendants
    /// The rate by which it was judged, with modified fees, and the transactions whose fees and
    /// sizes it sums up: itself, or the package.
    FeeRate effective_fee_rate{0};
    std::vector<Wtxid> effective_includes;
};

/// What became of a package's transactions: of a single one, or of a child with its parents.
struct PackageResult {
    struct InMempool {  ///< already before
        Amount fee{0};
        int64_t virtual_size = 0;
    };
    struct OtherWitness {  ///< the mempool has the transaction with another witness
        Wtxid wtxid;
    };
    using Verdict = std::variant<AcceptInfo, InMempool, OtherWitness, TxReject>;

    /// bitcoind's words for why not all of them are in the mempool now. Empty: they are.
    std::optional<TxReject> problem;
    /// Of all transactions, or, if they were not judged one by one, of none.
    std::map<Wtxid, Verdict> verdicts;
};

/// What became of transactions that were only tested.
struct TestResult {
    /// Why they can be no package, or not enter together. Empty: none, or it is one of them.
    std::optional<TxReject> problem;
    /// Not of those that did not need to be judged after the refusal of another.
    std::map<Wtxid, Expected<AcceptInfo, TxReject>> verdicts;
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
    int64_t sequence = 0;  ///< order of arrival; always below that of its children
    bool spends_coinbase = false;
    size_t usage_bytes = 0;  ///< estimated memory of the entry

    MempoolSums ancestors;    ///< including the entry
    MempoolSums descendants;  ///< including the entry
    /// Without duplicates, in no particular order.
    std::vector<const MempoolEntry*> parents;
    std::vector<const MempoolEntry*> children;

    Amount modified_fee() const { return fee + fee_delta; }
    const Txid& txid() const { return transaction->txid(); }
};

namespace mempool_input {

/// Adds the transaction if it is valid on top of the tip and passes policy. Answered by Judged.
struct Submit {
    TransactionRef transaction;
    std::optional<TimePoint> arrival{};  ///< of one from a file; empty: now
};
/// Adds transactions of which the last may pay for the others. Answered by PackageJudged, or by
/// Failed. REQUIRES: not empty, at most kPackageCountMax.
struct SubmitPackage {
    std::vector<TransactionRef> transactions;
    std::optional<FeeRate> fee_rate_max{};  ///< refuses what pays more
};
/// The active chain has changed, and ChainContext shows the new tip. Blocks were disconnected, from
/// the old tip downwards, then others were connected, upwards. Transactions of disconnected blocks
/// are taken back if they are valid, and transactions that are no longer valid are removed.
/// Answered by Failed, or not at all.
struct ChainMoved {
    std::vector<BlockRef> disconnected;
    std::vector<BlockRef> connected;
};

}  // namespace mempool_input

using MempoolInput =
    std::variant<mempool_input::Submit, mempool_input::SubmitPackage, mempool_input::ChainMoved>;

namespace mempool_output {

/// A change of the mempool, for relay, wallets and notifications.
struct Changed {
    enum class Kind : uint8_t {
        added,
        returned,    ///< added again: its block was disconnected
        confirmed,   ///< removed: included in a connected block
        conflicted,  ///< removed: a connected block spends one of its inputs
        replaced,
        expired,
        evicted,     ///< removed: the mempool was full
        reorganised  ///< removed: no longer valid on the new branch
    };
    Kind kind = Kind::added;
    TransactionRef transaction;
    uint64_t sequence = 0;  ///< numbers the changes from 1 (zmq, getrawmempool mempool_sequence)

    bool removal() const { return kind != Kind::added && kind != Kind::returned; }
};
/// The answer to Submit. With a StorageError there is no verdict, and nothing has changed.
struct Judged {
    TransactionRef transaction;
    Expected<AcceptInfo, TxFailure> verdict;
};
/// The answer to SubmitPackage.
struct PackageJudged {
    PackageResult result;
};
/// A coin could not be read, so transactions could not be judged. The pool may contradict the chain
/// from now on: the node must stop.
struct Failed {
    StorageError error;
};

}  // namespace mempool_output

/// In the order of events; the answers come last.
using MempoolOutput = std::variant<mempool_output::Changed, mempool_output::Judged,
                                   mempool_output::PackageJudged, mempool_output::Failed>;
using MempoolOutputs = std::vector<MempoolOutput>;

class Mempool {
 public:
    /// Borrows everything except the options.
    Mempool(MempoolOptions options, const ChainParams& params, const ChainContext& chain,
            ScriptVerifier& verifier, LogSink& log);
    ~Mempool();
    Mempool(const Mempool&) = delete;
    Mempool& operator=(const Mempool&) = delete;

    /// Each input also removes expired transactions, and enforces the memory limit.
    MempoolOutputs handle(MempoolInput input, TimePoint now);

    /// A dry run of Submit (except for "mempool full") for several transactions, each on top of the
    /// ones before it; only a single transaction may replace others. REQUIRES: not empty, at most
    /// kPackageCountMax.
    static constexpr size_t kPackageCountMax = 25;  // bitcoind's limit for packages
    Expected<TestResult, StorageError> test_accept(const std::vector<TransactionRef>& transactions,
                                                   TimePoint now) const;

    /// Adds to the fee that block building and eviction use (prioritisetransaction), also for a
    /// transaction that has not arrived yet. A total of zero removes the entry.
    void prioritise(const Txid& txid, Amount delta);
    std::vector<std::pair<Txid, Amount>> prioritised() const;

    // --- queries --------------------------------------------------------------------------------

    const MempoolEntry* find(const Txid& txid) const;
    const MempoolEntry* find_by_wtxid(const Wtxid& wtxid) const;
    bool contains(const Txid& txid) const { return find(txid) != nullptr; }
    /// The entry that spends the outpoint, or null.
    const MempoolEntry* spender(const OutPoint& outpoint) const;

    /// In order of arrival (parents before children). `visit` returns false to stop.
    void for_each(const std::function<bool(const MempoolEntry&)>& visit) const;
    /// Highest ancestor fee rate first. `visit` returns false to stop. For BlockBuilder.
    void for_each_by_ancestor_fee_rate(const std::function<bool(const MempoolEntry&)>& visit) const;

    /// Excluding the entry itself; in order of arrival.
    std::vector<const MempoolEntry*> ancestors(const MempoolEntry& entry) const;
    std::vector<const MempoolEntry*> descendants(const MempoolEntry& entry) const;
    /// All entries connected with the entry, including itself; in order of arrival.
    std::vector<const MempoolEntry*> cluster(const MempoolEntry& entry) const;

    /// Coins of the chain and of the mempool, excluding those that the mempool spends. Mempool
    /// coins have the height kMempoolHeight. Borrows from the mempool.
    const CoinsView& coins() const;
    static constexpr Height kMempoolHeight{0x7fffffff};

    size_t size() const;
    int64_t total_virtual_size() const;
    Amount total_fees() const;
    int64_t usage_bytes() const;
    /// The lowest fee rate accepted now: rises when the pool is full, decays after blocks. At least
    /// min_relay_fee.
    FeeRate min_fee(TimePoint now) const;
    /// What fees were enough, and how soon.
    const FeeEstimator& fee_estimator() const;
    /// Number of the last change.
    uint64_t sequence() const;
    const MempoolOptions& options() const;

    /// CHECKs that graph, sums and indexes are consistent. Slow. For tests and -checkmempool.
    void check_consistency() const;

    class Impl;  ///< private to mempool/

 private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
