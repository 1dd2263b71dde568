// TransactionPosition: where a transaction is in the block files, as the indexes of transactions
// and of spenders record it. Pure functions; ChainIndex::read_transaction() reads what is there.
#pragma once

#include <functional>
#include <optional>

#include "base/serialize.h"
#include "chain/primitives/block.h"
#include "chain/rules/header_node.h"

namespace parley {

/// Record: file (4), offset of the block (8), offset of the transaction in the block (4), size (4),
/// little-endian.
struct TransactionPosition {
    uint32_t file = 0;
    uint64_t block_offset = 0;
    uint32_t offset = 0;
    uint32_t size = 0;  ///< bytes, at least 1 and at most what fits into a block
};

Bytes serialize_position(const TransactionPosition& position);
/// Empty: malformed.
std::optional<TransactionPosition> parse_position(ByteSpan record);

/// Visits the transactions of a stored block, in order. REQUIRES: `block` is the one that `node`
/// has in the files.
void for_each_position(
    const Block& block, const HeaderNode& node,
    const std::function<void(const Transaction&, const TransactionPosition&)>& visit);

/// A transaction and the block that contains it.
struct FoundTransaction {
    TransactionRef transaction;
    BlockHash block;
};

}  // namespace parley
