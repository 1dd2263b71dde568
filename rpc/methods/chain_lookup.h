// Look-ups in the node's chain that several methods share. Core thread only, inside Call::ask. If
// the requested object does not exist, a Failure is thrown.
#pragma once

#include "node/node.h"
#include "rpc/jsonrpc/chain_snapshot.h"

namespace parley::rpc {

/// Fails with address_or_key, "Block not found".
const HeaderNode& find_header(const Node& node, const BlockHash& hash);

/// Fails with misc if only the header is known, or the body was pruned.
BlockRef read_block(const Node& node, const HeaderNode& header);

/// The coins that the block spends. Fails with misc if they are not stored, as for a block that was
/// never connected.
BlockUndo read_undo(const Node& node, const HeaderNode& header);

/// Without `with_undo`, the spent coins are omitted.
KnownBlock read_known_block(const Node& node, const HeaderNode& header, bool with_undo);

}  // namespace parley::rpc
