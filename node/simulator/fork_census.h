// ForkCensus: how often the nodes of a world forked, counted over all blocks that any of them
// knows. Computes the three rates that are easily confused, under their names in the literature.
// Counts only: intervals and tables are left to the caller. Called by tests and experiments; one
// thread.
#pragma once

#include <cstdint>

#include "node/simulator/world.h"

namespace parley::sim {

struct ForkCensus {
    uint64_t heights = 0;         ///< main-chain heights compared
    uint64_t forked_heights = 0;  ///< those with two or more blocks
    uint64_t blocks = 0;          ///< mined at these heights

    uint64_t stale() const { return blocks - heights; }
    /// Decker & Wattenhofer: main-chain heights with two or more blocks / heights.
    double f_h() const { return ratio(forked_heights, heights); }
    /// Gervais et al.: stale / all mined blocks.
    double s_t() const { return ratio(stale(), blocks); }
    /// Stale / main-chain blocks.
    double s_m() const { return ratio(stale(), heights); }

 private:
    static double ratio(uint64_t part, uint64_t whole) {
        return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    }
};

/// Counts heights 1 to `last` (at most the tip of `reference`), with the blocks whose bodies any
/// running node has.
ForkCensus take_census(const World& world, NodeIndex reference, Height last);

}  // namespace parley::sim
