// InitialDownload: whether the node is still in its initial block download (initialblockdownload).
// With probabilistic finality: true until the tip is recent, and false from then on; with absolute
// finality: true while many known blocks are missing. Core thread only.
#pragma once

#include "base/log.h"
#include "base/time.h"
#include "chain/state/chainstate.h"
#include "consensus/engine.h"

namespace parley {

class InitialDownload {
 public:
    struct Limits {
        Score minimum_score;     ///< -minimumchainwork
        Duration tip_age_max{};  ///< -maxtipage
    };

    /// Borrows the chain and the log.
    InitialDownload(const Chainstate& chain, Finality finality, const Limits& limits, LogSink& log)
        : chain_(chain), finality_(finality), limits_(limits), log_(log) {}

    bool active(TimePoint now);

 private:
    const Chainstate& chain_;
    const Finality finality_;
    const Limits limits_;
    LogSink& log_;
    bool finished_ = false;
};

}  // namespace parley
