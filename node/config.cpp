#include "node/config.h"

#include <fmt/format.h>

#include "base/option_row.h"

namespace parley {

OptionRows<NodeOptions> NodeOptions::rows() {
    using O = NodeOptions;
    using enum OutOfRange;
    static constexpr auto kRows = option_rows(
        OptionGroup::general,
        option<&O::block_version>(
            "blockversion", kCount, "regtest: version of the blocks that this node creates",
            {.min = INT32_MIN, .max = INT32_MAX, .group = OptionGroup::mining}),
        option<&O::check_blocks>(
            "checkblocks", kCount,
            "Number of recent blocks to verify at startup (default: {default}, 0: all)",
            {.below = clamp, .group = OptionGroup::debug}),
        option<&O::check_level>(
            "checklevel", kCount,
            "Thoroughness of the verification by -checkblocks: {min} to {max}, as in the "
            "verifychain RPC (default: {default})",
            {.max = 4, .below = clamp, .above = clamp, .group = OptionGroup::debug}),
        // A negative age means that the initial download never ends.
        option<&O::tip_age_max>("maxtipage", kSeconds,
                                "Remain in initial block download while the tip is older than this "
                                "(default: {default})",
                                {.min = INT64_MIN, .group = OptionGroup::debug}),
        option<O>("miningaddress", OptionUnit{"<address>"},
                  "Address that mined blocks pay to (default: an output that anyone can spend)",
                  {.group = OptionGroup::mining}),
        option<&O::mock_time>(
            "mocktime", OptionUnit{"<s>"},
            "Use this Unix time instead of the system clock (default: {default}, system clock)",
            {.max = UINT32_MAX, .group = OptionGroup::debug}),
        option<&O::stop_at_height>(
            "stopatheight", kCount,
            "Stop when the best chain reaches this height (default: {default}, never)",
            {.below = clamp}),
        option<&O::wallets>("wallet", OptionUnit{"<name>"},
                            "Load this wallet at startup; may be repeated",
                            {.group = OptionGroup::wallet, .network_only = true}));
    return kRows;
}

NodeConfig::NodeConfig(ChainParams chain_params) : params(std::move(chain_params)) {
    net.magic = params.magic;
    net.default_port = params.p2p_port;
    chain.minimum_score = params.minimum_chain_work;
    net.minimum_score = params.minimum_chain_work;
    chain.assume_valid = params.assume_valid;
    if (params.public_network) net.set_public_network_delays();
}

std::string NodeConfig::validate() const {
    if (auto problem = out_of_range(node)) return *problem;
    if (std::string problem = net.validate(); !problem.empty()) return problem;
    if (auto problem = mempool.validate()) return *problem;
    if (auto problem = block_builder.validate()) return *problem;
    if (auto problem = wallet.validate()) return *problem;
    // A transaction of 1,000 virtual bytes must be able to pay the minimum relay fee.
    if (fee_rate_of(wallet.fee_max, 1000) < mempool.min_relay_fee)
        return fmt::format(
            "Invalid amount for -maxtxfee=<amount>: '{}' (must be at least the minrelay fee of {} "
            "BTC/kvB to prevent stuck transactions)",
            to_string(wallet.fee_max), to_string(Amount{mempool.min_relay_fee.value()}));
    const EngineSurroundings surroundings{params, !chain.checkpoints.empty(), chain.reindex};
    return engine.problem(surroundings).value_or("");
}

}  // namespace parley
