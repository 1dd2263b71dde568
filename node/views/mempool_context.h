// MempoolContext: implements the mempool's view of the active chain over the chainstate. Core
// thread only.
#pragma once

#include "chain/state/chainstate.h"
#include "mempool/chain_context.h"

namespace parley {

class MempoolContext final : public ChainContext {
 public:
    explicit MempoolContext(const Chainstate& chain) : chain_(chain) {}

    const HeaderNode& tip() const override { return chain_.index().tip(); }
    const CoinsView& coins() const override { return chain_.coins(); }

 private:
    const Chainstate& chain_;
};

}  // namespace parley
