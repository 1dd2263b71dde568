// InitialBroadcast: the transactions of this node's users that no peer has asked for yet
// (getmempoolentry: unbroadcast). They are announced again every 10 to 15 minutes, until a peer
// requests them or they leave the mempool. Core thread.
#pragma once

#include <optional>
#include <set>

#include "base/log.h"
#include "base/random.h"
#include "base/time.h"
#include "chain/primitives/block.h"
#include "net/peer/net_view.h"

namespace parley {

class InitialBroadcast {
 public:
    /// bitcoind's: the second is its MAX_INITIAL_BROADCAST_DELAY.
    static constexpr Duration kDelayMin = std::chrono::minutes{10};
    static constexpr Duration kDelayMax = std::chrono::minutes{15};

    InitialBroadcast(const NetView& view, Random& random, LogSink& log)
        : view_(view), random_(random), log_(log) {}

    /// A user of this node has submitted it.
    void add(const Txid& txid, TimePoint now);
    /// A peer has asked for it.
    void requested(const Txid& txid) { waiting_.erase(txid); }
    void block_connected(const Block& block);

    /// What to announce again now, if deadline() has come.
    std::set<Txid> take_due(TimePoint now);
    std::optional<TimePoint> deadline() const;
    /// Time passes for the deadline only (mockscheduler).
    void advance(Duration duration) { next_ -= duration; }

    /// Those that still are in the mempool.
    std::set<Txid> waiting() const;

 private:
    const NetView& view_;
    Random& random_;
    LogSink& log_;
    std::set<Txid> waiting_;  ///< some may have left the mempool
    TimePoint next_{};        ///< only meaningful while some wait
};

}  // namespace parley
