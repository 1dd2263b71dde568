#include "node/config.h"

namespace parley {

NodeConfig::NodeConfig(ChainParams chain_params) : params(std::move(chain_params)) {
    net.magic = params.magic;
    net.default_port = params.p2p_port;
    chain.minimum_score = params.minimum_chain_work;
    net.minimum_score = params.minimum_chain_work;
    chain.assume_valid = params.assume_valid;
    if (params.public_network) net.set_public_network_delays();
}

std::string NodeConfig::validate() const {
    if (std::string problem = net.validate(); !problem.empty()) return problem;
    if (auto problem = mempool.validate()) return *problem;
    if (auto problem = block_builder.validate()) return *problem;
    if (auto problem = wallet.validate()) return *problem;
    const EngineSurroundings surroundings{params, !chain.checkpoints.empty(), chain.reindex};
    return engine.problem(surroundings).value_or("");
}

}  // namespace parley
