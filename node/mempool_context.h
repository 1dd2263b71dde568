// MempoolContext: what the mempool asks the active chain, answered by the chainstate. Core thread
// only.
#pragma once

#include "chain/state/chainstate.h"
#include "mempool/chain_context.h"

namespace parley {

class MempoolContext final : public ChainContext {
 public:
    /// Borrows the pointer itself: the chainstate is opened after the node's parts are laid out.
    explicit MempoolContext(const std::unique_ptr<Chainstate>& chain) : chain_(chain) {}

    const HeaderNode& tip() const override { return chain_->tip(); }
    const CoinsView& coins() const override { return chain_->coins(); }

 private:
    const std::unique_ptr<Chainstate>& chain_;
};

}  // namespace parley
