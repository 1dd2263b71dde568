// FilterRequest: a request of BIP157 whose reply is not finished yet. Plain state of a peer, kept
// by FilterServer. Core thread.
#pragma once

#include <vector>

#include "chain/rules/header_node.h"

namespace parley {

struct FilterRequest {
    enum class Kind : uint8_t {
        filters,      ///< getcfilters: one reply for each block
        headers,      ///< getcfheaders: one reply, after all filters were read
        checkpoints,  ///< getcfcheckpt: the same, of every thousandth block
    };
    Kind kind = Kind::filters;
    const HeaderNode* stop = nullptr;
    int32_t next = 0;                ///< height of the next filter to be read
    Hash256 previous{};              ///< headers: that of the filter before the first
    std::vector<Hash256> collected;  ///< for the one reply, so far
};

}  // namespace parley
