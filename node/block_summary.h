// BlockSummary: a header and its place in the chain, copied on the core thread for readers on other
// threads. A value; it borrows nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "base/uint256.h"
#include "chain/primitives/block.h"

namespace parley {

class Chainstate;
struct HeaderNode;

struct BlockSummary {
    BlockHeader header;
    BlockHash hash;
    Height height{0};
    bool in_active_chain = false;
    /// 1 for the active tip; -1 outside the active chain.
    int32_t confirmations = -1;
    std::optional<BlockHash> next;    ///< in the active chain
    int64_t median_time = 0;          ///< BIP113, in Unix seconds
    U256 score;                       ///< cumulative work, or the engine's score
    uint32_t transactions = 0;        ///< 0: the body was never received
    uint64_t chain_transactions = 0;  ///< in this block and all ancestors; 0: unknown
};

BlockSummary summarise(const Chainstate& chain, const HeaderNode& node);

}  // namespace parley
