// MempoolIndex: the mempool's entries, their orders (arrival, age, eviction, mining) and the graph
// between them. Sums, links and orders are consistent after each call. It knows neither policy nor
// the chain. Used by Mempool only. Core thread only.
//
// Cost: with clusters of at most c entries, insert and remove take O(c log n).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "mempool/mempool.h"

namespace parley {

class MempoolIndex {
 public:
    using Entries = std::vector<const MempoolEntry*>;
    using Visitor = std::function<bool(const MempoolEntry&)>;

    MempoolIndex();
    ~MempoolIndex();
    MempoolIndex(const MempoolIndex&) = delete;
    MempoolIndex& operator=(const MempoolIndex&) = delete;

    /// Links the entry to its parents and children (it only has children if it returns from a
    /// disconnected block). Fills in sums, links and usage of `entry`; the caller supplies its
    /// sequence. REQUIRES: no entry has its txid or spends its inputs, and its sequence is above
    /// its parents' and below its children's.
    const MempoolEntry& insert(MempoolEntry entry);

    /// Removes one entry. Its children stay.
    void remove(const MempoolEntry& entry);

    void set_fee_delta(const MempoolEntry& entry, Amount delta);

    const MempoolEntry* find(const Txid& txid) const;
    const MempoolEntry* find(const Wtxid& wtxid) const;
    const MempoolEntry* spender(const OutPoint& outpoint) const;
    /// The entries whose outputs the transaction spends, without duplicates.
    Entries parents_of(const Transaction& transaction) const;

    /// Excluding the entry itself; in order of arrival.
    Entries ancestors(const MempoolEntry& entry) const;
    Entries descendants(const MempoolEntry& entry) const;
    /// All entries connected with any of `seeds`, including the seeds, without counting or passing
    /// through `excluded`; in order of arrival. Stops early with more than `count_max` entries.
    Entries cluster(const Entries& seeds, const Entries& excluded, size_t count_max) const;

    void for_each_by_arrival(const Visitor& visit) const;
    void for_each_by_age(const Visitor& visit) const;           ///< oldest first
    void for_each_by_mining_score(const Visitor& visit) const;  ///< best first
    /// The entry to evict first. REQUIRES: not empty.
    const MempoolEntry& least_worth() const;

    size_t size() const;
    int64_t total_virtual_size() const { return total_virtual_size_; }
    Amount total_fees() const { return total_fees_; }
    int64_t usage_bytes() const { return usage_bytes_; }

    void check_consistency() const;

 private:
    struct Node;
    struct Store;

    enum class Direction : bool { up, down };
    Entries walk(const MempoolEntry& from, Direction direction) const;
    MempoolSums recount(const MempoolEntry& entry, Direction direction) const;
    template <class Change>
    void modify(const MempoolEntry& entry, Change change);
    void link_children(const MempoolEntry& entry);

    std::unique_ptr<Store> store_;
    int64_t total_virtual_size_ = 0;
    Amount total_fees_{0};
    int64_t usage_bytes_ = 0;
};

/// Estimated memory of a transaction that is not shared with anything else.
size_t transaction_usage(const Transaction& transaction);

}  // namespace parley
