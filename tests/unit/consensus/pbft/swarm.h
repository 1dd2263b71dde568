// SwarmWorld: a cluster whose size, delays, faults and Byzantine behaviours are all drawn from one
// seed. First faults of every kind, with a check of safety after every step; then the network is
// whole, and while the Byzantine validators remain what they are, every correct one must get ahead
// and some timer must run (pacemaker_checker.h).
//
// For tests; a seed always gives the same run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/consensus/pbft/adversary.h"
#include "tests/unit/consensus/pbft/cluster.h"

namespace parley::pbft::testing {

struct SwarmOutcome {
    std::string problem;  ///< empty: safe and live
    size_t height = 0;
    View view = 0;
    size_t crashes = 0;
    unsigned loss_percent = 0;            ///< of engine messages, to the end
    std::vector<std::string> behaviours;  ///< of its Byzantine validators
    Hash256 digest;                       ///< of the whole run
};

/// A world in which too much goes wrong, so that a checker must fire.
enum class SwarmControl {
    none,
    one_too_many_silent,  ///< f + 1 validators say nothing: no progress
    trusted_liar,         ///< a validator that counts as correct votes for two blocks
};

/// Runs the world of this seed.
SwarmOutcome run_swarm(uint64_t seed, SwarmControl control = SwarmControl::none);

}  // namespace parley::pbft::testing
