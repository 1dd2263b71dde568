// ChainIndexes: the optional indexes of the best chain, as many as the host has stores for. Owned
// by the node; core thread only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "chain/state/indexes/coin_stats_index.h"
#include "chain/state/indexes/filter_index.h"
#include "chain/state/indexes/spender_index.h"
#include "chain/state/indexes/tx_index.h"

namespace parley {

enum class IndexKind : uint8_t {
    transactions,  ///< -txindex
    filters,       ///< -blockfilterindex
    spenders,      ///< -txospenderindex
    coin_stats,    ///< -coinstatsindex
};
inline constexpr size_t kIndexKinds = 4;

/// One for each kind.
template <class Value>
using PerIndex = std::array<Value, kIndexKinds>;
/// Null: that index is not kept.
using IndexStores = PerIndex<Storage*>;

class ChainIndexes {
 public:
    /// All references and stores must outlive it.
    ChainIndexes(const IndexStores& stores, Chainstate& chain, LogSink& log);

    /// Call once. The error is a sentence.
    Expected<void, std::string> open();
    /// What an index lacks was pruned while it was not kept. A sentence; null: nothing is missing.
    std::optional<std::string> history_problem() const;
    /// A limited amount of work for each index that lags behind the chain. If blocks are pruned,
    /// all of the work, because none is removed before it is indexed.
    void step();
    /// Whether step() has nothing to do now.
    bool idle() const;
    /// Null: none.
    const StorageError* failure() const;

    const std::vector<ChainIndex*>& all() const { return all_; }
    // Null: not kept.
    const TxIndex* transactions() const { return transactions_ ? &*transactions_ : nullptr; }
    const FilterIndex* filters() const { return filters_ ? &*filters_ : nullptr; }
    const SpenderIndex* spenders() const { return spenders_ ? &*spenders_ : nullptr; }
    const CoinStatsIndex* coin_stats() const { return coin_stats_ ? &*coin_stats_ : nullptr; }

 private:
    void lock_blocks();

    Chainstate& chain_;
    std::optional<TxIndex> transactions_;
    std::optional<FilterIndex> filters_;
    std::optional<SpenderIndex> spenders_;
    std::optional<CoinStatsIndex> coin_stats_;
    std::vector<ChainIndex*> all_;
};

}  // namespace parley
