#include "mempool/cluster/cluster_chunks.h"

#include <algorithm>
#include <map>

namespace parley {

int64_t adjusted_weight(const Transaction& transaction, int64_t sigops_cost,
                        int64_t bytes_per_sigop) {
    return std::max(transaction.weight().value(), sigops_cost * bytes_per_sigop);
}

std::vector<LinearItem> linear_items(const std::vector<const MempoolEntry*>& entries,
                                     int64_t bytes_per_sigop) {
    std::map<int64_t, size_t> positions;  // by the order of arrival
    std::vector<LinearItem> items;
    items.reserve(entries.size());
    for (const MempoolEntry* entry : entries) {
        LinearItem item{{entry->modified_fee().value(),
                         adjusted_weight(*entry->transaction, entry->sigops_cost, bytes_per_sigop)},
                        {}};
        for (const MempoolEntry* parent : entry->parents) {
            if (const auto at = positions.find(parent->sequence); at != positions.end())
                item.parents.push_back(at->second);
        }
        positions.emplace(entry->sequence, items.size());
        items.push_back(std::move(item));
    }
    return items;
}

std::vector<MempoolChunk> chunks_of(const std::vector<const MempoolEntry*>& entries,
                                    int64_t bytes_per_sigop) {
    std::vector<MempoolChunk> chunks;
    for (const LinearChunk& each : linearize(linear_items(entries, bytes_per_sigop))) {
        MempoolChunk chunk{each.cost, {}};
        for (const size_t item : each.items) chunk.entries.push_back(entries[item]);
        chunks.push_back(std::move(chunk));
    }
    return chunks;
}

std::vector<MempoolChunk> chunks_of(const Mempool& mempool) {
    std::vector<const MempoolEntry*> entries;
    mempool.for_each([&](const MempoolEntry& entry) {
        entries.push_back(&entry);
        return true;
    });
    return chunks_of(entries, mempool.options().bytes_per_sigop);
}

}  // namespace parley
