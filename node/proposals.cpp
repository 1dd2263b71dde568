#include "node/proposals.h"

#include <algorithm>

#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "node/config.h"

namespace parley {

Proposals::Proposals(const NodeConfig& config, Chainstate& chain, const HeaderRules& rules,
                     const Mempool& mempool, uint64_t extra_nonce)
    : config_(config),
      chain_(chain),
      rules_(rules),
      mempool_(mempool),
      builder_(config.block_builder, config.params),
      extra_nonce_(extra_nonce) {}

BlockRequest Proposals::request(int64_t time, const Script& payout, CoinbaseForm form) {
    const HeaderNode& parent = chain_.index().tip();
    const int64_t header_time = std::max(time, block_time_min(config_.params, rules_, parent));
    BlockRequest request;
    request.previous = parent.hash;
    request.height = parent.height + 1;
    request.median_time_past = parent.median_time_past();
    request.version =
        config_.node.block_version.value_or(chain_.version_bits().block_version(parent));
    request.time = static_cast<uint32_t>(header_time);
    request.bits = rules_.next_bits(parent, header_time);
    request.coinbase_script = payout;
    if (form == CoinbaseForm::unique) request.extra_nonce = ++extra_nonce_;
    return request;
}

BlockTemplate Proposals::build(int64_t time, const Script& payout, CoinbaseForm form) {
    BlockTemplate built = builder_.build(request(time, payout, form), mempool_);
    last_built_ = LastBuilt{built.weight, built.block.transactions.size() - 1};
    return built;
}

BlockTemplate Proposals::build_from(int64_t time, const Script& payout,
                                    const std::vector<TransactionRef>& transactions,
                                    CoinbaseForm form) {
    return builder_.build_from(request(time, payout, form), transactions);
}

Script Proposals::default_payout() const {
    if (config_.node.payout) return *config_.node.payout;
    return ScriptBuilder{}.op(OP_TRUE).build();
}

}  // namespace parley
