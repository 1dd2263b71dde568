// NodeConfig: everything about a node that a user, a test or a simulation can choose, one options
// struct for each module. Immutable once the node is made. The daemon fills it from the command
// line and files, the simulator in code.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/option_rows.h"
#include "base/time.h"
#include "chain/rules/params.h"
#include "chain/state/chainstate.h"
#include "consensus/engines.h"
#include "mempool/block_builder.h"
#include "mempool/mempool.h"
#include "net/peer/net_options.h"
#include "wallet/wallet.h"

namespace parley {

struct NodeOptions {
    /// A tip older than this means that the initial block download goes on.
    Duration tip_age_max = std::chrono::hours{24};
    /// What blocks of our own pay to. Empty: an output that anybody can spend.
    std::optional<Script> payout;
    /// Not above zero: never.
    int32_t stop_at_height = 0;
    /// What a start verifies, as verifychain does. 0 blocks: all.
    int32_t check_blocks = 6;
    int check_level = 3;
    /// Loaded at the start.
    std::vector<std::string> wallets;
    /// Of regtest, for tests of signalling.
    std::optional<int32_t> block_version;
    /// Whether the host wants effect::Notify.
    bool notices = false;
    /// Unix seconds. 0: the host's clock.
    int64_t mock_time = 0;

    static OptionRows<NodeOptions> rows();
};

struct NodeConfig {
    ChainParams params;
    EngineChoice engine = default_engine();
    NodeOptions node;
    ChainOptions chain;
    MempoolOptions mempool;
    BlockBuilderOptions block_builder;
    NetOptions net;
    WalletOptions wallet;

    /// For a chain, with the values of its parameters copied to where the modules expect them.
    explicit NodeConfig(ChainParams chain_params);

    /// Empty, or a sentence that names the option that is wrong.
    std::string validate() const;
};

}  // namespace parley
