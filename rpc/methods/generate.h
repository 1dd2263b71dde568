// Generates blocks on request (generatetoaddress and related methods): the core thread builds and
// accepts blocks; the rpc thread searches for the nonce if that takes long. One call, one rpc
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

/// Hashes of `count` new blocks that pay to `payout`; fewer if `tries_max` hashes did not suffice.
std::vector<BlockHash> generate_blocks(Call& call, const Script& payout, int64_t count,
                                       uint64_t tries_max);

/// The block with a nonce that meets its target; null if `tries` hashes (reduced by those spent),
/// or all nonces, did not suffice. Also gives up if the process stops, or if `still_wanted`, called
/// periodically, returns false.
BlockRef solve_block(const BlockRef& block, uint64_t& tries,
                     const std::function<bool()>& still_wanted);

/// BIP22's result: empty if the block was accepted and connected, else "duplicate", "inconclusive",
/// or the reject reason.
std::string submit_block(Node& node, const BlockRef& block);

/// Submits it; fails with internal, "ProcessNewBlock, block not accepted", if it is refused.
void submit_own_block(Node& node, const BlockRef& block);

/// A template that pays to -miningaddress. Fails with misc, "TestBlockValidity failed:
/// time-too-new", if its time is too far ahead of the node's clock, because the chain's times are.
BlockTemplate timely_template(Node& node);

/// A block on top of the tip that pays to `payout`, complete except for the nonce. With
/// `transactions`: exactly these, in this order; fails if it would not connect (verify,
/// "TestBlockValidity failed: ..."). Fails if blocks are not mined. `form`: plain blocks are the
/// bytes that bitcoind generates; if the node knows such a block already, it needs a unique one.
BlockRef build_block(Node& node, const Script& payout,
                     const std::vector<TransactionRef>* transactions, CoinbaseForm form);

/// One block that `build`, called on the core thread, makes. Fails with misc if its nonces do not
/// suffice. With `submit`, it is a block that the node did not know, and it is submitted.
BlockRef generate_block(Call& call,
                        const std::function<BlockRef(Node& node, CoinbaseForm form)>& build,
                        bool submit);

inline constexpr uint64_t kTriesDefault = 1'000'000;  ///< of maxtries

}  // namespace parley::rpc
