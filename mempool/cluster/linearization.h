// Linearization: the order in which the transactions of the mempool would be mined, cut into
// chunks: groups that a miner takes as a whole, of falling fee rate. A feerate diagram is the fee
// that the first n units of size earn in that order. Replacements are judged by it, and RPC shows
// it. Knows numbers only, no transactions. Pure functions. Thread-safe.
//
// Method: the best chunk is the set with the highest fee rate among those that contain the parents
// of all their members; it is found exactly, as a maximum closure by a minimum cut, whose rate is
// raised until nothing better exists (Dinkelbach). Repeated on what remains. For groups of more
// than kExactCountMax, the given order is cut into chunks as it is.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mempool/fee_order.h"

namespace parley {

/// bitcoind's limit for a cluster; only a reorganisation leads to larger ones.
inline constexpr size_t kExactCountMax = 64;

struct LinearItem {
    FeeFraction cost;             ///< its own fee and size
    std::vector<size_t> parents;  ///< positions of items before it
};

struct LinearChunk {
    FeeFraction cost;           ///< the sums of its members
    std::vector<size_t> items;  ///< positions, parents before children
};

/// The chunks, highest fee rate first, in an order that can be mined. The items may form several
/// groups without relation.
std::vector<LinearChunk> linearize(std::span<const LinearItem> items);

/// Compares the diagrams of two lists of chunks, each of falling fee rate. `greater`: nowhere lower
/// and somewhere higher. `unordered`: each is higher somewhere.
std::partial_ordering compare_diagrams(std::span<const LinearChunk> left,
                                       std::span<const LinearChunk> right);

}  // namespace parley
