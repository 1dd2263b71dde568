// The reply of getblocktemplate (BIP22, 23, 9, 145).
#pragma once

#include <string>
#include <vector>

#include "chain/rules/deployment.h"
#include "chain/rules/params.h"
#include "mempool/block_builder.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc {

/// Changes whenever the tip or the mempool changes.
std::string long_poll_id(const BlockHash& tip, uint64_t sequence);

/// A block and the time at which it was built.
struct TemplateReply {
    BlockTemplate built;
    Height height{0};
    int64_t time_min = 0;  ///< Unix seconds
    int64_t now = 0;       ///< Unix seconds
    uint64_t mempool_sequence = 0;
    std::vector<DeploymentReport> deployments;  ///< as of the parent block
};
void write_template(JsonWriter& out, const ChainParams& params, const TemplateReply& reply);

}  // namespace parley::rpc
