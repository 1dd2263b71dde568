// Linearization: the order in which the transactions of the mempool would be mined, cut into
// chunks: groups that a miner takes as a whole, of falling fee rate. A feerate diagram is the fee
// that the first n units of size earn in that order. Replacements are judged by it, and RPC shows
// it. Knows numbers only, no transactions. Pure functions. Thread-safe.
//
// Method: at a given fee rate, the set that earns most above that rate, and contains the parents of
// all its members, is a maximum closure, found exactly by a minimum cut. A group is split by the
// closure at its own rate, and its parts in turn, until no part pays more than the whole: those are
// the chunks. For groups of more than kExactCountMax, the given order is cut into chunks as it is.
//
// Cost: less than two cuts for each chunk. A group of 64 takes below a millisecond, at worst a few.
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
