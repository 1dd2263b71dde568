// The strong types of the chain: a transaction's id is not a block's, a height is not a weight.
#pragma once

#include <cstdint>

#include "base/hash256.h"
#include "base/strong.h"

namespace parley {

struct TxidTag;
struct WtxidTag;
struct BlockHashTag;

/// Double SHA-256 of a transaction without its witness.
using Txid = TaggedHash<TxidTag>;
/// Double SHA-256 of a transaction with its witness (BIP141); equal to the txid if it has none.
using Wtxid = TaggedHash<WtxidTag>;
/// Double SHA-256 of the 80-byte header.
using BlockHash = TaggedHash<BlockHashTag>;

/// A block's number of ancestors; the genesis block has height 0.
struct HeightTag;
using Height = Strong<HeightTag, int32_t>;

/// BIP141 weight units: 4 for a non-witness byte, 1 for a witness byte.
struct WeightTag;
using Weight = Strong<WeightTag, int64_t>;

}  // namespace parley
