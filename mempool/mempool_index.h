// MempoolIndex: the mempool's entries with their orders (arrival, age, eviction, mining) and the
// graph between them, always consistent: sums, links and orders are right after each call. It knows
// no policy and no chain. Used by Mempool only. Core thread only.
//
// Costs: with clusters of at most c entries, insert and remove take O(c log n).
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

    /// Links the entry to its parents, and to its children (there are some only when it returns
    /// from a disconnected block). Sums, links and usage of `entry` are filled in here; its
    /// sequence comes from the caller. REQUIRES: nothing in the index has its txid or spends its
    /// inputs, and its sequence is above its parents' and below its children's.
    const MempoolEntry& insert(MempoolEntry entry);

    /// Takes one entry out; its children stay, without it.
    void remove(const MempoolEntry& entry);

    void set_fee_delta(const MempoolEntry& entry, Amount delta);

    const MempoolEntry* find(const Txid& txid) const;
    const MempoolEntry* find(const Wtxid& wtxid) const;
    const MempoolEntry* spender(const OutPoint& outpoint) const;
    /// Entries whose outputs the transaction spends, each once.
    Entries parents_of(const Transaction& transaction) const;

    /// Without the entry; by arrival.
    Entries ancestors(const MempoolEntry& entry) const;
    Entries descendants(const MempoolEntry& entry) const;
    /// What is connected with any of `seeds`, those included, without passing through or counting
    /// `excluded`; by arrival. Stops early, with more than `count_max` entries.
    Entries cluster(const Entries& seeds, const Entries& excluded, size_t count_max) const;

    void for_each_by_arrival(const Visitor& visit) const;
    void for_each_by_age(const Visitor& visit) const;           ///< oldest first
    void for_each_by_mining_score(const Visitor& visit) const;  ///< best first
    /// The entry to give up first. REQUIRES: not empty.
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

/// Estimate of the memory that a transaction holds while it is shared with nobody else.
size_t transaction_usage(const Transaction& transaction);

}  // namespace parley
