// Admission: decides whether a transaction may enter the mempool. Checks run in bitcoind's order,
// so that a transaction with several faults gets the same reject reason from both. It changes
// nothing. Used by Mempool only. Core thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "chain/rules/params.h"
#include "mempool/mempool_index.h"

namespace parley {

/// Coins of the chain and of the mempool, including those that mempool transactions spend, because
/// a replacement may spend them. Mempool coins have the height of the next block.
class AdmissionCoins final : public CoinsView {
 public:
    AdmissionCoins(const ChainContext& chain, const MempoolIndex& index)
        : chain_(chain), index_(index) {}

    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override;

    /// Makes the outputs of a package's transaction available to the transactions after it.
    void add_outputs(const Transaction& transaction);

 private:
    const ChainContext& chain_;
    const MempoolIndex& index_;
    std::map<OutPoint, TxOutput> package_;
};

struct AdmissionContext {
    const MempoolOptions& options;
    const ChainParams& params;
    const ChainContext& chain;
    const MempoolIndex& index;
    ScriptVerifier& verifier;
    FeeRate min_fee{0};   ///< of the mempool itself, which rises when it is full; 0: none
    Amount fee_delta{0};  ///< by prioritise()
    /// From a disconnected block: minimum fees do not apply, and it replaces nothing.
    bool returned = false;
    bool replacement_allowed = true;
    /// One of several transactions that are judged together: their fees count in sum, and the rules
    /// about the transactions around it are PackageAdmission's.
    bool in_package = false;
    std::optional<FeeRate> fee_rate_max{};  ///< set by the client
};

/// A transaction that passed, with the results of the checks.
struct Candidate {
    TransactionRef transaction;
    Amount fee{0};
    Amount modified_fee{0};
    int64_t virtual_size = 0;
    int64_t sigops_cost = 0;
    bool spends_coinbase = false;
    /// Entries that spend one of its inputs, and the sibling that a TRUC child evicts.
    MempoolIndex::Entries conflicts;
    MempoolIndex::Entries evicted;  ///< those and their descendants, by arrival
};

/// The checks of one transaction in two stages, between which those of a package come. A stage
/// returns the first failure; after one, the next must not run.
class StagedAdmission {
 public:
    virtual ~StagedAdmission() = default;

    /// Everything but scripts. Fetches the coins of all inputs in one request before the first rule
    /// reads one.
    virtual std::optional<TxFailure> check_rules() = 0;
    virtual std::optional<TxFailure> check_scripts() = 0;
    /// What the checks so far have found.
    virtual Candidate& candidate() = 0;
};

/// Borrows everything until it is destroyed.
std::unique_ptr<StagedAdmission> stage_admission(const AdmissionContext& context,
                                                 const TransactionRef& transaction,
                                                 const AdmissionCoins& coins);

/// Both stages.
Expected<Candidate, TxFailure> check_admission(const AdmissionContext& context,
                                               const TransactionRef& transaction,
                                               const AdmissionCoins& coins);

std::vector<OutPoint> prevouts_of(const Transaction& transaction);

/// Whether locktime, sequence locks and coinbase maturity allow the transaction in the next block.
/// Evaluated again after a reorganisation. `coins` are those that the inputs spend, in input order.
bool matures_in_next_block(const Transaction& transaction, std::span<const Coin> coins,
                           const ChainContext& chain, const ChainParams& params);

}  // namespace parley
