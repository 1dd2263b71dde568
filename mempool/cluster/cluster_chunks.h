// ClusterChunks: the chunks of mempool entries, for reports and for judging replacements.
// Core thread only: it refers to entries.
#pragma once

#include <vector>

#include "mempool/cluster/linearization.h"
#include "mempool/mempool.h"

namespace parley {

/// Fee and size of entries that would be mined as a whole. The size is a weight, raised for sigops
/// as bitcoind reckons it.
struct MempoolChunk {
    FeeFraction cost;
    std::vector<const MempoolEntry*> entries;  ///< parents before children
};

/// The chunks of one or several whole clusters, highest fee rate first. `entries` are in order of
/// arrival.
std::vector<MempoolChunk> chunks_of(const std::vector<const MempoolEntry*>& entries,
                                    int64_t bytes_per_sigop);
/// Of the whole mempool.
std::vector<MempoolChunk> chunks_of(const Mempool& mempool);

/// The larger of the weight and what the sigops count as.
int64_t adjusted_weight(const Transaction& transaction, int64_t sigops_cost,
                        int64_t bytes_per_sigop);

/// The entries as items to be linearized, in order of arrival. Parents outside `entries` do not
/// count.
std::vector<LinearItem> linear_items(const std::vector<const MempoolEntry*>& entries,
                                     int64_t bytes_per_sigop);

}  // namespace parley
