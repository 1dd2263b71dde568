// What several methods look up in the node's chain. On the core thread only, inside Call::ask. What
// a client asked for in vain is thrown as Failure.
#pragma once

#include "node/chain_snapshot.h"
#include "node/node.h"

namespace parley::rpc {

/// Fails with address_or_key, "Block not found".
const HeaderNode& find_header(const Node& node, const BlockHash& hash);

/// Fails with misc where only the header is known, or the body was pruned.
BlockRef read_block(const Node& node, const HeaderNode& header);

/// Without `with_undo`, what the block spends is left out.
KnownBlock read_known_block(const Node& node, const HeaderNode& header, bool with_undo);

}  // namespace parley::rpc
