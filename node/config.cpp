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
    if (params.signet_challenge && pow.schedule.kind != MiningSchedule::Kind::off) {
        return "-gen and -automine cannot sign blocks: on signet a miner asks getblocktemplate, "
               "and "
               "signs";
    }
    if (engine == EngineKind::pbft) {
        if (pow.schedule.kind != MiningSchedule::Kind::off) {
            return "-gen and -automine need -consensus=pow: in PBFT the validators make the blocks";
        }
        if (!chain.checkpoints.empty())
            return "-checkpoint needs -consensus=pow: in PBFT what is committed is final";
        if (params.public_network) return "-consensus=pbft needs -chain=regtest or -chain=labnet";
        if (pbft.validators.empty()) return "-consensus=pbft needs -pbftvalidators=<file>";
        if (auto problem = pbft.validate()) return *problem;
    }
    return {};
}

}  // namespace parley
