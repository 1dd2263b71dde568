#include "mempool/block_builder.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "chain/primitives/coinbase.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/rules/locktime.h"
#include "chain/rules/params.h"
#include "mempool/fee_order.h"

namespace parley {
namespace {

// Sigops reserved for the coinbase's outputs, as in bitcoind.
constexpr int64_t kCoinbaseSigopsReserve = 400;
// Once the block is nearly full, this many consecutive packages that do not fit end the selection.
constexpr int kMissesMax = 1000;
constexpr int64_t kNearlyFullWeight = 4'000;

bool pays(const BlockBuilderOptions& options, const MempoolSums& sums) {
    return sums.fees >= fee_for(options.min_fee_rate, sums.virtual_size);
}

/// Selects transactions by the fee rate of packages: an entry with its ancestors that are not in
/// the block yet. The mempool's own order counts all ancestors; entries with some ancestors in the
/// block are kept in a second order, with the sums that remain.
class Selection {
 public:
    Selection(const BlockBuilderOptions& options, const BlockRequest& request,
              const Mempool& mempool)
        : options_(options), request_(request), mempool_(mempool) {}

    std::vector<const MempoolEntry*> run() {
        mempool_.for_each_by_ancestor_fee_rate([this](const MempoolEntry& entry) {
            // Entries whose score was raised above this one's by the selection go first.
            while (!changed_.empty() && !done_ && changed_.begin()->better_than(entry))
                try_changed();
            if (!done_ && !seen(entry)) try_package(entry, entry.ancestors);
            return !done_;
        });
        while (!changed_.empty() && !done_) try_changed();
        return std::move(chosen_);
    }

 private:
    struct Changed {
        const MempoolEntry* entry = nullptr;
        MempoolSums left;  ///< of the entry and its ancestors outside the block

        FeeFraction score() const {
            const FeeFraction own = own_fraction(*entry);
            const FeeFraction package = fraction_of(left);
            return own.above(package) ? package : own;
        }
        bool operator<(const Changed& other) const {
            const auto order = score().compare(other.score());
            return order != 0 ? order > 0 : entry->sequence < other.entry->sequence;
        }
        bool better_than(const MempoolEntry& other) const {
            return score().above(mining_score(other));
        }
    };

    bool seen(const MempoolEntry& entry) const {
        return in_block_.contains(entry.sequence) || failed_.contains(entry.sequence) ||
               left_.contains(entry.sequence);
    }

    void try_changed() {
        const Changed best = *changed_.begin();
        changed_.erase(changed_.begin());
        left_.erase(best.entry->sequence);
        try_package(*best.entry, best.left);
    }

    void try_package(const MempoolEntry& entry, const MempoolSums& sums) {
        if (!pays(options_, sums)) {
            // All following entries pay less.
            done_ = true;
            return;
        }
        if (!fits(sums)) {
            failed_.insert(entry.sequence);
            const bool nearly_full =
                weight_ + kNearlyFullWeight > options_.weight_max - options_.reserved_weight;
            if (++misses_ > kMissesMax && nearly_full) done_ = true;
            return;
        }
        std::vector<const MempoolEntry*> package;
        for (const MempoolEntry* ancestor : mempool_.ancestors(entry)) {
            if (!in_block_.contains(ancestor->sequence)) package.push_back(ancestor);
        }
        package.push_back(&entry);
        if (!all_final(package)) {
            failed_.insert(entry.sequence);
            return;
        }
        misses_ = 0;
        for (const MempoolEntry* member : package) take(*member);
    }

    bool fits(const MempoolSums& sums) const {
        return options_.reserved_weight + weight_ + sums.weight < options_.weight_max &&
               kCoinbaseSigopsReserve + sigops_ + sums.sigops_cost < kBlockSigopCostMax;
    }

    bool all_final(const std::vector<const MempoolEntry*>& package) const {
        return std::all_of(package.begin(), package.end(), [&](const MempoolEntry* entry) {
            return is_final(entry->transaction->data(), request_.height, request_.median_time_past);
        });
    }

    void take(const MempoolEntry& entry) {
        in_block_.insert(entry.sequence);
        chosen_.push_back(&entry);
        weight_ += entry.transaction->weight().value();
        sigops_ += entry.sigops_cost;
        forget(entry);
        for (const MempoolEntry* descendant : mempool_.descendants(entry)) {
            if (in_block_.contains(descendant->sequence)) continue;
            MempoolSums left = descendant->ancestors;
            if (const auto it = left_.find(descendant->sequence); it != left_.end())
                left = it->second;
            forget(*descendant);
            left.count -= 1;
            left.virtual_size -= entry.virtual_size;
            left.fees += Amount{-entry.modified_fee().value()};
            left.sigops_cost -= entry.sigops_cost;
            left.weight -= entry.transaction->weight().value();
            left_.emplace(descendant->sequence, left);
            // It may have failed because of an ancestor that is now in the block; try it again.
            failed_.erase(descendant->sequence);
            changed_.insert({descendant, left});
        }
    }

    void forget(const MempoolEntry& entry) {
        const auto it = left_.find(entry.sequence);
        if (it == left_.end()) return;
        changed_.erase({&entry, it->second});
        left_.erase(it);
    }

    const BlockBuilderOptions& options_;
    const BlockRequest& request_;
    const Mempool& mempool_;
    std::vector<const MempoolEntry*> chosen_;
    std::set<int64_t> in_block_;  // sequences of entries, as in the next two
    std::set<int64_t> failed_;
    std::map<int64_t, MempoolSums> left_;
    std::set<Changed> changed_;
    int64_t weight_ = 0;
    int64_t sigops_ = 0;
    int misses_ = 0;
    bool done_ = false;
};

}  // namespace

BlockBuilder::BlockBuilder(BlockBuilderOptions options, const ChainParams& params)
    : options_(options), params_(params) {}

bool BlockBuilder::has_candidates(const Mempool& mempool) const {
    bool found = false;
    mempool.for_each_by_ancestor_fee_rate([&](const MempoolEntry& best) {
        found = pays(options_, best.ancestors);
        return false;
    });
    return found;
}

std::vector<BlockBuilder::Candidate> BlockBuilder::oldest_candidates(const Mempool& mempool) const {
    std::vector<Candidate> oldest;
    size_t examined = 0;
    mempool.for_each([&](const MempoolEntry& entry) {
        const MempoolSums& package = entry.ancestors;
        // A builder may give up on what does not fit once its block is nearly full. Its block
        // weighs at least as much as the transactions that it counts besides the reserve.
        const int64_t weight_max = options_.weight_max - options_.reserved_weight -
                                   std::max(package.weight, kNearlyFullWeight) - 1;
        const bool fits =
            weight_max > 0 && kCoinbaseSigopsReserve + package.sigops_cost < kBlockSigopCostMax;
        if (fits && pays(options_, package)) oldest.push_back({entry.txid(), weight_max});
        return ++examined < kExaminedMax && oldest.size() < kOldestMax;
    });
    return oldest;
}

BlockTemplate BlockBuilder::build(const BlockRequest& request, const Mempool& mempool) const {
    std::vector<TransactionRef> transactions;
    std::vector<Amount> fees;
    std::vector<int64_t> sigops;
    Amount total{0};
    for (const MempoolEntry* entry : Selection{options_, request, mempool}.run()) {
        transactions.push_back(entry->transaction);
        fees.push_back(entry->fee);
        sigops.push_back(entry->sigops_cost);
        total += entry->fee;
    }
    BlockTemplate result = build_from(request, transactions, total);
    result.fees = std::move(fees);
    result.sigops_costs = std::move(sigops);
    return result;
}

BlockTemplate BlockBuilder::build_from(const BlockRequest& request,
                                       const std::vector<TransactionRef>& transactions,
                                       Amount fees_total) const {
    BlockTemplate result;
    result.fees_total = fees_total;
    result.coinbase_value = block_subsidy(params_, request.height) + fees_total;
    result.block.transactions.emplace_back();  // the coinbase's place
    result.block.transactions.insert(result.block.transactions.end(), transactions.begin(),
                                     transactions.end());
    result.weight = options_.reserved_weight;
    for (const auto& transaction : transactions) result.weight += transaction->weight().value();

    CoinbaseRequest coinbase;
    coinbase.height = request.height;
    coinbase.payout = request.coinbase_script;
    coinbase.value = result.coinbase_value;
    coinbase.extra_nonce = request.extra_nonce;
    if (request.height >= params_.activation.segwit) {
        // The coinbase's wtxid counts as zero, so any will do until the commitment is known.
        result.block.transactions[0] = make_coinbase(coinbase);
        coinbase.commitment = witness_commitment(result.block);
        result.witness_commitment = witness_commitment_script(*coinbase.commitment);
    }
    result.block.transactions[0] = make_coinbase(coinbase);

    BlockHeader& header = result.block.header;
    header.version = request.version;
    header.previous = request.previous;
    header.time = request.time;
    header.bits = request.bits;
    header.nonce = 0;
    header.merkle_root = block_merkle_root(result.block);
    return result;
}

void refresh_commitments(Block& block) {
    CHECK(!block.transactions.empty());
    const Transaction& coinbase = *block.transactions[0];
    if (const auto position = witness_commitment_position(coinbase)) {
        TransactionData data = coinbase.data();
        data.outputs[*position].script_pubkey =
            witness_commitment_script(witness_commitment(block));
        block.transactions[0] = make_transaction(std::move(data));
    }
    block.header.merkle_root = block_merkle_root(block);
}

}  // namespace parley
