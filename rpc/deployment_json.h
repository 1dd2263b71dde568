// getdeploymentinfo's answer, which the REST interface gives too.
#pragma once

#include "chain/rules/params.h"
#include "rpc/jsonrpc/json_writer.h"
#include "rpc/node_values.h"

namespace parley::rpc {

/// The rules as of `block`, and as of the block after it.
void write_deployments(JsonWriter& out, const ChainParams& params, const BlockSummary& block,
                       const DeploymentSummary& summary);

}  // namespace parley::rpc
