// The reply of getdeploymentinfo.
#pragma once

#include <vector>

#include "chain/rules/deployment.h"
#include "chain/rules/params.h"
#include "chain/script/script_flags.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc {

/// The rules as of a block, and as of the block after it.
struct Deployments {
    BlockHash hash;
    Height height{0};
    ScriptFlags script_flags = kVerifyNone;
    std::vector<DeploymentReport> signalled;
};
void write_deployments(JsonWriter& out, const ChainParams& params, const Deployments& block);

}  // namespace parley::rpc
