// Making blocks on request (generatetoaddress and its kin): the core builds and takes blocks, the
// rpc thread searches the nonce when that takes longer than a moment. One call, one rpc thread.
#pragma once

#include <cstdint>
#include <vector>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

/// Hashes of `count` new blocks that pay to `payout`; fewer when `tries_max` hashes did not do.
std::vector<BlockHash> generate_blocks(Call& call, const Script& payout, int64_t count,
                                       uint64_t tries_max);

/// The block with a nonce that meets its target, or null when `tries` hashes (reduced by those
/// spent), or the nonces, did not do. Gives up when the process stops or, asked now and then,
/// `still_wanted` says no.
BlockRef solve_block(const BlockRef& block, uint64_t& tries,
                     const std::function<bool()>& still_wanted);

/// Hands it in; fails with internal, "ProcessNewBlock, block not accepted", where it is refused.
void submit_own_block(NodeControl& node, const BlockRef& block);

}  // namespace parley::rpc
