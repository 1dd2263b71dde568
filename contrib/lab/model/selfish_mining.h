// Selfish mining by the state machine of Eyal & Sirer, "Majority is not Enough" (2014), algorithm
// 1: one pool withholds blocks, all others are honest and act as one, blocks travel at once. The
// real blocks are counted, not the states of a Markov chain. Deterministic for a seed.
#pragma once

#include <cstdint>
#include <functional>

#include "contrib/lab/model/statistics.h"

namespace parley::lab {

struct SelfishOptions {
    double alpha = 0.3;         ///< the pool's share of the hash rate, below 1/2
    double gamma = 0;           ///< share of honest miners that extend the pool's branch in a tie
    uint64_t heights = 10'000;  ///< the run ends when so many main-chain blocks are certain
    uint64_t seed = 1;
    /// As in RaceOptions.
    std::function<bool(uint64_t)> proceed;
};

struct SelfishResult {
    uint64_t pool_main = 0;  ///< main-chain blocks of the pool
    uint64_t honest_main = 0;
    uint64_t pool_stale = 0;
    uint64_t honest_stale = 0;
    bool partial = false;  ///< ended before the requested height

    uint64_t heights() const { return pool_main + honest_main; }
    uint64_t blocks() const { return heights() + pool_stale + honest_stale; }
    /// R, the pool's relative revenue.
    Proportion revenue() const { return {pool_main, heights()}; }
    void add(const SelfishResult& other);
};

/// REQUIRES: 0 <= alpha < 1/2, 0 <= gamma <= 1, heights > 0.
SelfishResult run_selfish_mining(const SelfishOptions& options);

}  // namespace parley::lab
