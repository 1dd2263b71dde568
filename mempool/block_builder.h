// BlockBuilder: builds the next block from the mempool, taking packages (a transaction with its
// unconfirmed ancestors) in order of fee rate, or from a given list (generateblock). It sets
// everything except the proof: the nonce is 0. It does not validate the block:
// Chainstate::check_proposal does.
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

/// The block's context and its payout.
struct BlockRequest {
    BlockHash previous;
    Height height{0};              ///< of the new block
    int64_t median_time_past = 0;  ///< of the previous block; the cut-off for locktimes
    int32_t version = 0x20000000;
    uint32_t time = 0;
    uint32_t bits = 0;
    Script coinbase_script;               ///< scriptPubKey that receives subsidy and fees
    std::optional<uint64_t> extra_nonce;  ///< see CoinbaseRequest
};

struct BlockTemplate {
    Block block;                        ///< transactions[0] is the coinbase
    std::vector<Amount> fees;           ///< of transactions[1..]
    std::vector<int64_t> sigops_costs;  ///< of transactions[1..]
    Amount fees_total{0};
    Amount coinbase_value{0};   ///< subsidy and fees
    Script witness_commitment;  ///< the commitment output's script
    int64_t weight = 0;         ///< including the reserve
};

class BlockBuilder {
 public:
    /// Borrows `params`, which must outlive the builder.
    BlockBuilder(BlockBuilderOptions options, const ChainParams& params);

    /// From the mempool. REQUIRES: the mempool's chain context has `request.previous` as its tip.
    BlockTemplate build(const BlockRequest& request, const Mempool& mempool) const;

    /// Whether what waits pays enough for build() to take any of it. Costs one look-up.
    bool has_candidates(const Mempool& mempool) const;

    struct Candidate {
        Txid txid;
        /// build() leaves the transaction out of heavier blocks only.
        int64_t block_weight_max = 0;
    };
    /// The transactions that build() would take and that have waited longest, the oldest first.
    /// Only the first kExaminedMax entries are examined, which bounds the cost.
    static constexpr size_t kOldestMax = 16;
    static constexpr size_t kExaminedMax = 256;
    std::vector<Candidate> oldest_candidates(const Mempool& mempool) const;

    /// The coinbase and exactly these transactions, in this order, regardless of fees. `fees_total`
    /// is the sum of their fees, if the coinbase is to claim it.
    BlockTemplate build_from(const BlockRequest& request,
                             const std::vector<TransactionRef>& transactions,
                             Amount fees_total = Amount{0}) const;

    const BlockBuilderOptions& options() const { return options_; }

 private:
    BlockBuilderOptions options_;
    const ChainParams& params_;
};

/// Recomputes the Merkle root and the witness commitment after the transactions have changed.
void refresh_commitments(Block& block);

}  // namespace parley
