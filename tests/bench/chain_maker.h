// ChainMaker: a regtest chain that is heavy in signatures, for the benchmark of the first sync:
// empty blocks until coinbases mature, blocks that split those into many P2WPKH coins, and blocks
// of payments with two P2WPKH inputs and two outputs each. The same sizes give the same chain,
// except for block times. Not a node: nothing is validated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chain/primitives/block.h"

namespace parley::bench {

struct ChainSize {
    int32_t blocks = 576;
    uint64_t inputs =
        780'000;  ///< all of them P2WPKH; the last ones are left out if they do not fit
    uint64_t coins =
        50'000;  ///< unspent at any time; each is spent about coins / inputs a block later
    unsigned threads = 2;  ///< that sign
    int64_t end_time = 0;  ///< of the last block, seconds since the Unix epoch

    /// Empty, or a sentence.
    std::string validate() const;
};

/// Blocks 1 to size.blocks. REQUIRES: size.validate() is empty.
std::vector<BlockRef> make_chain(const ChainSize& size);

/// Inputs other than the coinbases'.
uint64_t count_inputs(const std::vector<BlockRef>& blocks);

}  // namespace parley::bench
