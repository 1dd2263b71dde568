// BlockBuilder: makes the next block from the mempool, the best-paying packages of a transaction
// with its unconfirmed ancestors first, or from a given list (generateblock). It sets everything
// but the proof: nonce 0. It does not check what it builds: Chainstate::check_proposal does.
//
// Called by node/ (BuildProposal, getblocktemplate, generate*). Core thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/primitives/block.h"
#include "chain/primitives/fee_rate.h"
#include "chain/primitives/script.h"
#include "mempool/mempool.h"
#include "mempool/mempool_options.h"

namespace parley {

/// What the block stands on, and who is paid.
struct BlockRequest {
    BlockHash previous;
    Height height{0};              ///< of the new block
    int64_t median_time_past = 0;  ///< of the previous block; the cutoff of locktimes
    int32_t version = 0x20000000;
    uint32_t time = 0;
    uint32_t bits = 0;
    Script coinbase_script;    ///< scriptPubKey that gets subsidy and fees
    uint64_t extra_nonce = 0;  ///< makes the coinbase, and so the block, unique
};

struct BlockTemplate {
    Block block;                        ///< transactions[0] is the coinbase
    std::vector<Amount> fees;           ///< of transactions[1..]
    std::vector<int64_t> sigops_costs;  ///< of transactions[1..]
    Amount fees_total{0};
    Amount coinbase_value{0};   ///< subsidy and fees
    Script witness_commitment;  ///< the commitment output's script
    int64_t weight = 0;         ///< with the reserve
};

class BlockBuilder {
 public:
    /// Borrows `params`, which must outlive the builder.
    BlockBuilder(BlockBuilderOptions options, const ChainParams& params);

    /// From the mempool. REQUIRES: the mempool's chain context has `request.previous` as its tip.
    BlockTemplate build(const BlockRequest& request, const Mempool& mempool) const;

    /// Coinbase and exactly these, in this order, whatever their fees; `fees_total` is what they
    /// pay together, if the coinbase shall claim it.
    BlockTemplate build_from(const BlockRequest& request,
                             const std::vector<TransactionRef>& transactions,
                             Amount fees_total = Amount{0}) const;

    const BlockBuilderOptions& options() const { return options_; }

 private:
    BlockBuilderOptions options_;
    const ChainParams& params_;
};

/// The merkle root (and the coinbase's witness commitment) after a change of the transactions.
void refresh_commitments(Block& block);

}  // namespace parley
