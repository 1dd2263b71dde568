#include "mempool/package/package_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mempool/cluster/cluster_chunks.h"
#include "mempool/policy.h"

namespace parley {
namespace {

// Limits how many clusters one replacement makes the node sort again.
constexpr size_t kConflictingClustersMax = 100;

bool has(const MempoolIndex::Entries& entries, const MempoolEntry* entry) {
    return std::ranges::find(entries, entry) != entries.end();
}

size_t cluster_count(const MempoolIndex& index, MempoolIndex::Entries entries) {
    size_t count = 0;
    while (!entries.empty()) {
        ++count;
        const auto cluster = index.cluster({entries.back()}, {}, index.size());
        std::erase_if(entries, [&](const MempoolEntry* each) { return has(cluster, each); });
    }
    return count;
}

/// Those whose outputs the candidate spends, and, for a transaction that returns from a block,
/// those that spend its outputs.
MempoolIndex::Entries relatives_of(const AdmissionContext& context, const Transaction& candidate) {
    auto relatives = context.index.parents_of(candidate);
    if (!context.returned) return relatives;
    for (uint32_t i = 0; i < candidate.outputs().size(); ++i) {
        if (const auto* child = context.index.spender(OutPoint{candidate.txid(), i}))
            relatives.push_back(child);
    }
    return relatives;
}

MempoolIndex::Entries all_evicted(std::span<const Candidate* const> candidates) {
    MempoolIndex::Entries all;
    for (const Candidate* each : candidates) {
        for (const MempoolEntry* entry : each->evicted) {
            if (!has(all, entry)) all.push_back(entry);
        }
    }
    return all;
}

/// A cluster as it would be with candidates.
struct FutureCluster {
    std::set<Txid> txids;                            ///< of the candidates in it
    std::map<int64_t, const MempoolEntry*> entries;  ///< by the order of arrival
    int64_t new_weight = 0;

    bool joins(const Transaction& candidate, const FutureCluster& its) const {
        return std::ranges::any_of(
                   candidate.inputs(),
                   [&](const TxInput& input) { return txids.contains(input.prevout.txid); }) ||
               std::ranges::any_of(
                   its.entries, [&](const auto& entry) { return entries.contains(entry.first); });
    }
    void merge(const FutureCluster& other) {
        txids.insert(other.txids.begin(), other.txids.end());
        entries.insert(other.entries.begin(), other.entries.end());
        new_weight += other.new_weight;
    }
};

/// What remains of the clusters concerned, and then the candidates.
std::vector<LinearItem> items_after(const AdmissionContext& context,
                                    const MempoolIndex::Entries& staying,
                                    std::span<const Candidate* const> candidates) {
    const int64_t bytes_per_sigop = context.options.bytes_per_sigop;
    std::vector<LinearItem> items = linear_items(staying, bytes_per_sigop);
    std::map<Txid, size_t> positions;
    for (size_t i = 0; i < staying.size(); ++i) positions.emplace(staying[i]->txid(), i);
    for (const Candidate* each : candidates) {
        LinearItem item{{each->modified_fee.value(),
                         adjusted_weight(*each->transaction, each->sigops_cost, bytes_per_sigop)},
                        {}};
        for (const TxInput& input : each->transaction->inputs()) {
            if (const auto at = positions.find(input.prevout.txid); at != positions.end())
                item.parents.push_back(at->second);
        }
        positions.emplace(each->transaction->txid(), items.size());
        items.push_back(std::move(item));
    }
    return items;
}

}  // namespace

std::optional<TxReject> check_minimum_fees(const AdmissionContext& context, Amount fee,
                                           int64_t virtual_size) {
    const auto below = [&](FeeRate rate, std::string_view reason) -> std::optional<TxReject> {
        const Amount needed = fee_for(rate, virtual_size);
        if (fee >= needed) return std::nullopt;
        return TxReject{TxRejectKind::fee, std::string{reason},
                        fmt::format("{} < {}", fee.value(), needed.value())};
    };
    if (auto refused = below(context.min_fee, "mempool min fee not met")) return refused;
    return below(context.options.min_relay_fee, "min relay fee not met");
}

MempoolIndex::Entries evicted_by(const MempoolIndex& index,
                                 const MempoolIndex::Entries& conflicts) {
    std::map<int64_t, const MempoolEntry*> by_arrival;
    for (const MempoolEntry* conflict : conflicts) {
        by_arrival.emplace(conflict->sequence, conflict);
        for (const MempoolEntry* descendant : index.descendants(*conflict))
            by_arrival.emplace(descendant->sequence, descendant);
    }
    MempoolIndex::Entries evicted;
    for (const auto& [sequence, entry] : by_arrival) evicted.push_back(entry);
    return evicted;
}

std::optional<TxReject> check_replacement_fees(const AdmissionContext& context,
                                               const Replacement& replacement) {
    const std::string id = replacement.named.to_string();
    const auto refuse = [](std::string_view reason, std::string detail) {
        return TxReject{TxRejectKind::fee, std::string{reason}, std::move(detail)};
    };
    const size_t clusters = cluster_count(context.index, replacement.conflicts);
    if (clusters > kConflictingClustersMax)
        return TxReject{TxRejectKind::policy, "too many potential replacements",
                        fmt::format("rejecting replacement {}; too many conflicting clusters ({} > "
                                    "{})",
                                    id, clusters, kConflictingClustersMax)};
    Amount replaced{0};
    for (const MempoolEntry* entry : replacement.evicted) replaced += entry->modified_fee();
    if (replacement.fee < replaced)
        return refuse(
            "insufficient fee",
            fmt::format("rejecting replacement {}, less fees than conflicting txs; {} < {}", id,
                        format_money(replacement.fee), format_money(replaced)));
    const Amount additional{replacement.fee.value() - replaced.value()};
    const Amount relay = fee_for(context.options.incremental_relay_fee, replacement.virtual_size);
    if (additional < relay)
        return refuse(
            "insufficient fee",
            fmt::format("rejecting replacement {}, not enough additional fees to relay; {} < {}",
                        id, format_money(additional), format_money(relay)));
    return std::nullopt;
}

bool exceeds_cluster_limits(const AdmissionContext& context,
                            std::span<const Candidate* const> candidates) {
    const auto count_max = static_cast<size_t>(context.options.cluster_count_max);
    const int64_t bytes_per_sigop = context.options.bytes_per_sigop;
    const auto evicted = all_evicted(candidates);
    std::vector<FutureCluster> clusters;
    for (const Candidate* each : candidates) {
        FutureCluster own{{each->transaction->txid()},
                          {},
                          adjusted_weight(*each->transaction, each->sigops_cost, bytes_per_sigop)};
        const auto entries =
            context.index.cluster(relatives_of(context, *each->transaction), evicted, count_max);
        for (const MempoolEntry* entry : entries) own.entries.emplace(entry->sequence, entry);
        for (auto& other : clusters) {
            if (other.joins(*each->transaction, own)) own.merge(std::exchange(other, {}));
        }
        std::erase_if(clusters, [](const FutureCluster& cluster) { return cluster.txids.empty(); });
        clusters.push_back(std::move(own));
    }
    return std::ranges::any_of(clusters, [&](const FutureCluster& cluster) {
        // In weights: virtual sizes, each rounded up, would reach the limit too early.
        int64_t weight = cluster.new_weight;
        for (const auto& [sequence, entry] : cluster.entries)
            weight += adjusted_weight(*entry->transaction, entry->sigops_cost, bytes_per_sigop);
        return cluster.entries.size() + cluster.txids.size() > count_max ||
               weight > context.options.cluster_virtual_bytes_max * 4;
    });
}

bool improves_diagram(const AdmissionContext& context,
                      std::span<const Candidate* const> candidates) {
    const auto evicted = all_evicted(candidates);
    MempoolIndex::Entries seeds = evicted;
    for (const Candidate* each : candidates) {
        const auto parents = context.index.parents_of(*each->transaction);
        seeds.insert(seeds.end(), parents.begin(), parents.end());
    }
    auto concerned = context.index.cluster(seeds, {}, context.index.size());
    const auto before = linearize(linear_items(concerned, context.options.bytes_per_sigop));
    std::erase_if(concerned, [&](const MempoolEntry* each) { return has(evicted, each); });
    const auto after = linearize(items_after(context, concerned, candidates));
    return compare_diagrams(after, before) == std::partial_ordering::greater;
}

std::optional<std::pair<size_t, TxReject>> unspent_dust(
    const AdmissionContext& context, std::span<const TransactionRef> transactions) {
    std::map<Txid, TransactionRef> package;
    for (const TransactionRef& each : transactions) package.emplace(each->txid(), each);
    for (size_t i = 0; i < transactions.size(); ++i) {
        const Transaction& child = *transactions[i];
        std::set<OutPoint> dust;
        for (const TxInput& input : child.inputs()) {
            const MempoolEntry* entry = context.index.find(input.prevout.txid);
            const auto in_package = package.find(input.prevout.txid);
            const Transaction* parent = in_package != package.end() ? in_package->second.get()
                                        : entry != nullptr          ? entry->transaction.get()
                                                                    : nullptr;
            if (parent == nullptr) continue;
            for (uint32_t out = 0; out < parent->outputs().size(); ++out) {
                const TxOutput& output = parent->outputs()[out];
                if (output.value < dust_threshold(output, context.options.dust_relay_fee))
                    dust.insert(OutPoint{parent->txid(), out});
            }
        }
        for (const TxInput& input : child.inputs()) dust.erase(input.prevout);
        if (dust.empty()) continue;
        return std::pair{
            i, TxReject{TxRejectKind::policy, "missing-ephemeral-spends",
                        fmt::format("tx {} (wtxid={}) did not spend parent's "
                                    "ephemeral dust",
                                    child.txid().to_string(), child.wtxid().to_string())}};
    }
    return std::nullopt;
}

}  // namespace parley
