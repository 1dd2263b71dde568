// JSON shared by several wallet methods. Thread-safe.
#pragma once

#include "rpc/jsonrpc/json_writer.h"
#include "wallet/wallet_types.h"

namespace parley::rpc {

/// The field lastprocessedblock.
inline void write_last_block(JsonWriter& out, const WalletInfo& info) {
    out.field_object("lastprocessedblock", [&] {
        out.field("hash", info.last_block_hash);
        out.field("height", info.last_block_height.value_or(Height{0}));
    });
}

}  // namespace parley::rpc
