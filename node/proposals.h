// Proposals: blocks of this node on top of the active tip, for the engine, for getblocktemplate and
// for the generate methods. Complete except for the proof. Core thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/state/chainstate.h"
#include "mempool/block_builder.h"

namespace parley {

struct NodeConfig;

enum class CoinbaseForm : uint8_t {
    unique,  ///< with a number that no other block has: every result differs
    plain,   ///< as bitcoind's miner makes it: equal wherever chain, clock and payout are
};

class Proposals {
 public:
    /// Borrows all references. `extra_nonce`: start of the coinbase counter. It differs between
    /// nodes, because two nodes with the same payout and transactions would otherwise search the
    /// same headers.
    Proposals(const NodeConfig& config, Chainstate& chain, const HeaderRules& rules,
              const Mempool& mempool, uint64_t extra_nonce);

    /// From mempool transactions, on top of the active tip. `time` in Unix seconds is raised to the
    /// chain's minimum.
    BlockTemplate build(int64_t time, const Script& payout, CoinbaseForm form);
    /// From exactly these transactions, in this order; their fees are not claimed.
    BlockTemplate build_from(int64_t time, const Script& payout,
                             const std::vector<TransactionRef>& transactions, CoinbaseForm form);

    /// Whether build() would take any mempool transaction, by its fee.
    bool has_candidates() const { return builder_.has_candidates(mempool_); }
    auto oldest_candidates() const { return builder_.oldest_candidates(mempool_); }

    /// Size of the last block made by build(); empty before the first.
    struct LastBuilt {
        int64_t weight = 0;
        uint64_t transactions = 0;  ///< excluding the coinbase
    };
    const std::optional<LastBuilt>& last_built() const { return last_built_; }
    /// The configured payout, or an output that anyone can spend.
    Script default_payout() const;
    const BlockBuilderOptions& options() const { return builder_.options(); }

 private:
    BlockRequest request(int64_t time, const Script& payout, CoinbaseForm form);

    const NodeConfig& config_;
    Chainstate& chain_;  ///< not const, because VersionBits caches its answers
    const HeaderRules& rules_;
    const Mempool& mempool_;
    BlockBuilder builder_;
    uint64_t extra_nonce_;
    std::optional<LastBuilt> last_built_;
};

}  // namespace parley
