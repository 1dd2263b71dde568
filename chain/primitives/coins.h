// Coin: an unspent output. CoinsView: something that can be asked for coins (the chainstate's
// cache, a scratch view on top of it, the mempool's view). Core thread only.
#pragma once

#include <optional>
#include <span>

#include "chain/primitives/transaction.h"

namespace parley {

struct Coin {
    TxOutput output;
    Height height{0};  ///< of the block that made it
    bool coinbase = false;

    bool operator==(const Coin&) const = default;
};

class CoinsView {
 public:
    virtual ~CoinsView() = default;
    /// Empty: never existed or spent.
    virtual std::optional<Coin> coin(const OutPoint& outpoint) const = 0;

    /// These will be asked for next: a view may bring them near, together. Changes no answer.
    virtual void fetch(std::span<const OutPoint>) const {}
};

}  // namespace parley
