// Proposals: blocks of this node's own on top of the active tip: for the engine, for
// getblocktemplate and for the generate methods. They are complete but for the proof. Core thread
// only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/state/chainstate.h"
#include "mempool/block_builder.h"

namespace parley {

struct NodeConfig;

class Proposals {
 public:
    /// Borrows all of them. `extra_nonce`: where the coinbases' count begins. Two nodes with one
    /// payout and the same transactions would otherwise search the same headers, and two of them
    /// find no more than one.
    Proposals(const NodeConfig& config, Chainstate& chain, const HeaderRules& rules,
              const Mempool& mempool, uint64_t extra_nonce);

    /// Of mempool transactions, below the active tip. `time` in Unix seconds is raised where the
    /// chain asks for more. No two are equal.
    BlockTemplate build(int64_t time, const Script& payout);
    /// Of exactly these transactions, in this order; their fees are given up.
    BlockTemplate build_from(int64_t time, const Script& payout,
                             const std::vector<TransactionRef>& transactions);

    /// Size of the block that build() made last; empty before the first.
    struct LastBuilt {
        int64_t weight = 0;
        uint64_t transactions = 0;  ///< without the coinbase
    };
    const std::optional<LastBuilt>& last_built() const { return last_built_; }
    /// The configured payout, or an output that anybody can spend.
    Script default_payout() const;
    const BlockBuilderOptions& options() const { return builder_.options(); }

 private:
    BlockRequest request(int64_t time, const Script& payout);

    const NodeConfig& config_;
    Chainstate& chain_;  ///< not const, because VersionBits remembers its answers
    const HeaderRules& rules_;
    const Mempool& mempool_;
    BlockBuilder builder_;
    uint64_t extra_nonce_;
    std::optional<LastBuilt> last_built_;
};

}  // namespace parley
