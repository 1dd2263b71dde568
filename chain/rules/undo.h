// BlockUndo: the coins that a block spent, which is what it takes to disconnect it. Written to the
// rev files in bitcoind's format, with a checksum. Thread-safe: free functions over values.
#pragma once

#include <optional>
#include <vector>

#include "chain/primitives/coins.h"

namespace parley {

struct BlockUndo {
    /// For each transaction but the coinbase, the coins of its inputs in their order.
    std::vector<std::vector<Coin>> spent;

    bool operator==(const BlockUndo&) const = default;
};

Bytes serialize_undo(const BlockUndo& undo);
/// Empty: malformed.
std::optional<BlockUndo> parse_undo(ByteSpan bytes);

}  // namespace parley
