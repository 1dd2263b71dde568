// Exact comparison of fee rates as fractions fee / size, without division. Thread-safe: values.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

#include "chain/primitives/amount.h"
#include "mempool/mempool.h"

namespace parley {

/// A fee rate as a fraction. The size is above 0.
struct FeeFraction {
    int64_t fee = 0;
    int64_t size = 1;

    /// Equal rates compare equal even if their sizes differ. Fees are below 2^61 and sizes below
    /// 2^62, so the products fit into 128 bits.
    std::strong_ordering compare(const FeeFraction& other) const {
        return static_cast<__int128>(fee) * other.size <=> static_cast<__int128>(other.fee) * size;
    }
    bool above(const FeeFraction& other) const { return compare(other) > 0; }
};

inline FeeFraction own_fraction(const MempoolEntry& entry) {
    return {entry.modified_fee().value(), entry.virtual_size};
}
inline FeeFraction fraction_of(const MempoolSums& sums) {
    return {sums.fees.value(), sums.virtual_size};
}

/// Eviction score: the higher of the entry's own fee rate and that of the entry with its
/// descendants.
inline FeeFraction keep_score(const MempoolEntry& entry) {
    const FeeFraction own = own_fraction(entry);
    const FeeFraction with_descendants = fraction_of(entry.descendants);
    return with_descendants.above(own) ? with_descendants : own;
}

/// Mining score: the lower of the entry's own fee rate and that of the entry with its ancestors.
inline FeeFraction mining_score(const MempoolEntry& entry) {
    const FeeFraction own = own_fraction(entry);
    const FeeFraction with_ancestors = fraction_of(entry.ancestors);
    return own.above(with_ancestors) ? with_ancestors : own;
}

}  // namespace parley
