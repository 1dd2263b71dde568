// Rules about a transaction, or several that are judged together, among what the mempool holds:
// minimum fees, replacement, limits of clusters, dust. Each returns the first refusal, in
// bitcoind's words. They change nothing. Used by admission only. Core thread only.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "mempool/admission.h"

namespace parley {

/// Against the fee rate that the mempool asks for now, and the minimum for relay.
std::optional<TxReject> check_minimum_fees(const AdmissionContext& context, Amount fee,
                                           int64_t virtual_size);

/// The conflicts with their descendants, by arrival.
MempoolIndex::Entries evicted_by(const MempoolIndex& index, const MempoolIndex::Entries& conflicts);

struct Replacement {
    const MempoolIndex::Entries& conflicts;
    const MempoolIndex::Entries& evicted;
    Amount fee{0};  ///< of all that comes
    int64_t virtual_size = 0;
    Txid named;  ///< the transaction that a refusal names
};
/// Rules 3 to 5 of BIP125, with clusters in place of transactions in rule 5: a bound on the work,
/// at least the fees of what is evicted (the miner's interest), and those of its own relay (the
/// network's).
std::optional<TxReject> check_replacement_fees(const AdmissionContext& context,
                                               const Replacement& replacement);

/// Whether a cluster that any of the candidates joins would be too large.
bool exceeds_cluster_limits(const AdmissionContext& context,
                            std::span<const Candidate* const> candidates);

/// Whether miners earn more after the replacement, for every size of a block: the feerate diagram
/// of all clusters concerned rises somewhere and falls nowhere.
bool improves_diagram(const AdmissionContext& context,
                      std::span<const Candidate* const> candidates);

/// The transaction, by its position, that spends a parent in the mempool or in the package without
/// spending all the dust of that parent.
std::optional<std::pair<size_t, TxReject>> unspent_dust(
    const AdmissionContext& context, std::span<const TransactionRef> transactions);

}  // namespace parley
