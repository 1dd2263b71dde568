#include "node/config.h"

namespace parley {

NodeConfig::NodeConfig(ChainParams chain_params) : params(std::move(chain_params)) {
    net.magic = params.magic;
    net.default_port = params.p2p_port;
    if (params.name == "main") net.set_public_network_delays();
}

std::string NodeConfig::validate() const {
    if (std::string problem = net.validate(); !problem.empty()) return problem;
    if (auto problem = mempool.validate()) return *problem;
    if (auto problem = block_builder.validate()) return *problem;
    if (auto problem = wallet.validate()) return *problem;
    if (engine == EngineKind::pbft) {
        if (pow.schedule.kind != MiningSchedule::Kind::off) {
            return "-gen and -automine need -consensus=pow: in PBFT the validators make the blocks";
        }
        if (params.name == "main") return "-consensus=pbft needs -chain=regtest or -chain=labnet";
        if (pbft.validators.empty()) return "-consensus=pbft needs -pbftvalidators=<file>";
        if (auto problem = pbft.validate()) return *problem;
    }
    return {};
}

}  // namespace parley
