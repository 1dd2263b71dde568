// Look-ups in the node's chain that several methods share. Core thread only, inside Call::ask. If
// the requested object does not exist, a Failure is thrown.
#pragma once

#include "node/node.h"
#include "rpc/jsonrpc/chain_snapshot.h"
#include "rpc/jsonrpc/json.h"

namespace parley::rpc {

/// Fails with address_or_key, "Block not found".
const HeaderNode& find_header(const Node& node, const BlockHash& hash);

/// A number is a height of the best chain, a text the hash of any block.
const HeaderNode& block_by_hash_or_height(const Node& node, const Json& wanted);

/// By -txindex. Empty: not indexed, or there is no index.
std::optional<TxIndex::Found> find_indexed(Node& node, const Txid& txid);

/// Fails with misc if only the header is known, or the body was pruned.
BlockRef read_block(const Node& node, const HeaderNode& header);

/// Fails with misc: the stored block cannot be read.
[[noreturn]] void fail_lost_block();

/// Its bytes as they are in the file; the caller checks them. Fails like read_block().
Bytes read_block_bytes(const Node& node, const HeaderNode& header);

/// The coins that the block spends. Fails with misc if they are not stored, as for a block that was
/// never connected.
BlockUndo read_undo(const Node& node, const HeaderNode& header);

/// Without `with_undo`, the spent coins are omitted.
KnownBlock read_known_block(const Node& node, const HeaderNode& header, bool with_undo);

}  // namespace parley::rpc
