// The acceptance point about determinism: a seed gives the same trace every time. That it does so
// in other builds is checked by tests with a digest written down.
#pragma once

#include <cstdint>

#include "base/hash256.h"
#include "contrib/lab/verify/check.h"

namespace parley::lab {

struct WorldDigests {
    Hash256 trace;   ///< of every event of every node
    Hash256 blocks;  ///< of the blocks found: hash, miner, time
};
/// Four miners in virtual time, `blocks` blocks.
WorldDigests mine_world(uint64_t seed, size_t blocks);

Finding judge_same(std::string name, const WorldDigests& first, const WorldDigests& second);

/// The same seed again, and in two threads beside each other and another seed.
Findings check_determinism(size_t blocks);

}  // namespace parley::lab
