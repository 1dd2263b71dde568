// The full-block suite: named blocks, each with the verdict and the tip that a node must show after
// it, fed in order to a fresh regtest chain whose clock stands at kFullBlocksNow. The unit test
// feeds them to a Chainstate; the functional test, by way of the program parley-test-blocks, to a
// daemon over the wire and by submitblock. Deterministic.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chain/primitives/block.h"

namespace parley {

inline constexpr int64_t kFullBlocksNow = 2'000'000'000;

struct FullBlock {
    std::string name;  ///< "setup-..." and "long-..." are not cases of their own
    BlockRef block;
    /// bitcoind's reject reason, of this block or, with `of_ancestor`, of one that it brings into
    /// the best chain. Empty: nothing to refuse.
    std::string verdict;
    bool of_ancestor = false;
    BlockHash tip;  ///< of the best chain afterwards
};

std::vector<FullBlock> full_blocks();

}  // namespace parley
