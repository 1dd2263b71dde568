// Admission: decides whether a transaction may enter the mempool, in bitcoind's order of checks, so
// that a transaction with several faults gets the same word from both. It changes nothing. Used by
// Mempool only. Core thread only.
#pragma once

#include <map>
#include <set>

#include "chain/rules/params.h"
#include "mempool/mempool_index.h"

namespace parley {

/// Coins of the chain and of the mempool, also those that the mempool spends: what a replacement
/// may spend. Mempool coins have the height of the next block.
class AdmissionCoins final : public CoinsView {
 public:
    AdmissionCoins(const ChainContext& chain, const MempoolIndex& index)
        : chain_(chain), index_(index) {}

    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override;

    /// Lets a package's later transactions spend the outputs of this one.
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
    FeeRate min_fee{0};   ///< the mempool's own, which rises when it is full; 0: none
    Amount fee_delta{0};  ///< by prioritise()
    /// Comes back from a disconnected block: minimum fees do not apply, and it replaces nothing.
    bool returned = false;
    bool replacement_allowed = true;
};

/// A transaction that passed, with what the checks found out.
struct Candidate {
    TransactionRef transaction;
    Amount fee{0};
    int64_t virtual_size = 0;
    int64_t sigops_cost = 0;
    bool spends_coinbase = false;
    MempoolIndex::Entries conflicts;  ///< entries that spend one of its inputs
    MempoolIndex::Entries evicted;    ///< those and their descendants, by arrival
};

/// The coins of its inputs are fetched together before the first rule looks at one.
Expected<Candidate, TxFailure> check_admission(const AdmissionContext& context,
                                               const TransactionRef& transaction,
                                               const AdmissionCoins& coins);

std::vector<OutPoint> prevouts_of(const Transaction& transaction);

/// Could it be in the next block, as far as locktime, sequence locks and coinbase maturity go?
/// Asked again after a reorganisation. `coins` are those of the inputs in their order.
bool matures_in_next_block(const Transaction& transaction, std::span<const Coin> coins,
                           const ChainContext& chain, const ChainParams& params);

}  // namespace parley
