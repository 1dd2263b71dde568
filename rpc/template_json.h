// getblocktemplate's answer (BIP22, 23, 9, 145).
#pragma once

#include <string>

#include "chain/rules/params.h"
#include "rpc/jsonrpc/json_writer.h"
#include "rpc/node_values.h"

namespace parley::rpc {

/// Changes with the tip and with the mempool.
std::string long_poll_id(const BlockHash& tip, uint64_t sequence);

/// `now` in Unix seconds.
void write_template(JsonWriter& out, const ChainParams& params, const BlockTemplate& block,
                    int64_t now);

}  // namespace parley::rpc
