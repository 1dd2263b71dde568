// ChainContext: what the mempool asks the active chain. node/ implements it over the chainstate,
// tests over a map. The answers are those of the tip at the time of the call. Core thread only.
#pragma once

#include "chain/coins.h"
#include "chain/ids.h"

namespace parley {

class ChainContext {
 public:
    virtual ~ChainContext() = default;

    virtual Height tip_height() const = 0;
    /// BIP113, of the tip: the cutoff for a time-based locktime in the next block. Unix seconds.
    virtual int64_t tip_median_time_past() const = 0;
    /// BIP68 measures time-based sequence locks from here. REQUIRES: 0 <= height <= tip_height().
    virtual int64_t median_time_past_at(Height height) const = 0;
    /// The unspent outputs at the tip.
    virtual const CoinsView& coins() const = 0;
};

}  // namespace parley
