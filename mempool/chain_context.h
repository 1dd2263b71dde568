// ChainContext: what the mempool reads of the active chain. Implemented by node/ over the
// chainstate, and by tests over a few headers and a map. Results are valid at the time of the call.
// Core thread only.
#pragma once

#include "chain/primitives/coins.h"
#include "chain/rules/header_node.h"

namespace parley {

class ChainContext {
 public:
    virtual ~ChainContext() = default;

    /// Last block of the active chain.
    virtual const HeaderNode& tip() const = 0;
    /// The unspent outputs after tip().
    virtual const CoinsView& coins() const = 0;
};

}  // namespace parley
