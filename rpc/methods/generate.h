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

/// BIP22's result: empty when the block was accepted and connected, else "duplicate",
/// "inconclusive", or the reject reason.
std::string submit_block(Node& node, const BlockRef& block);

/// Hands it in; fails with internal, "ProcessNewBlock, block not accepted", where it is refused.
void submit_own_block(Node& node, const BlockRef& block);

/// A block on top of the tip that pays to `payout`, complete but for the nonce. With
/// `transactions`: exactly these, in this order; fails when it would not connect (verify,
/// "TestBlockValidity failed: ..."). Fails where blocks are not mined.
BlockRef build_block(Node& node, const Script& payout,
                     const std::vector<TransactionRef>* transactions);

}  // namespace parley::rpc
