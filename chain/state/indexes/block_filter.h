// BlockFilter: the basic filter of a block (BIP158), a Golomb-Rice coded set of the scripts that
// its outputs have and that its inputs spend. A light client asks it whether the block may concern
// its scripts; about one in 784,931 answers for other scripts is a false yes. Pure functions.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/hash256.h"
#include "chain/primitives/block.h"
#include "chain/primitives/coins.h"

namespace parley {

/// The encoded filter. `undo` has the coins that the block spends.
Bytes basic_filter(const Block& block, const BlockUndo& undo);
/// The same of a set of scripts, for a block of this hash.
Bytes basic_filter(const BlockHash& block, std::vector<Bytes> scripts);

/// A block's filter and the header that commits to it.
struct FilterRecord {
    Hash256 header;
    Bytes filter;
};

/// The header that commits to a filter and to those before it (BIP157).
Hash256 filter_header(ByteSpan filter, const Hash256& previous);

/// Whether the filter of that block contains one of the scripts. Empty: the filter is malformed.
std::optional<bool> filter_matches(ByteSpan filter, const BlockHash& block,
                                   std::span<const Bytes> scripts);

}  // namespace parley
