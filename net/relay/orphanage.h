// Orphanage: transactions that spend unknown outputs wait here for their parents, bounded in
// weight, effort and time. A peer's orphans are removed when it disconnects. Core thread.
//
// Two bounds hold in all, as in bitcoind (node/txorphanage.h): kWeightPerPeer for each peer with
// orphans, and kEffortMax for the effort of judging them again. Beyond either, the oldest orphan of
// the peer that exceeds its share the most goes first, so that nobody can evict the orphans of a
// peer within its share.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/peer_id.h"
#include "base/time.h"
#include "chain/primitives/block.h"
#include "chain/primitives/transaction.h"

namespace parley {

class Orphanage {
 public:
    /// Larger orphans are not kept: 100 kvB, the policy limit for any transaction.
    static constexpr int64_t kWeightMax = 400'000;
    /// Weight reserved for each peer (bitcoind's DEFAULT_RESERVED_ORPHAN_USAGE_PER_PEER): one
    /// orphan of the greatest size, and some small ones.
    static constexpr int64_t kWeightPerPeer = 404'000;
    /// Effort in all (bitcoind's DEFAULT_MAX_ORPHANAGE_LATENCY_SCORE), shared by the peers with
    /// orphans.
    static constexpr int64_t kEffortMax = 3'000;
    static constexpr Duration kLifetime = std::chrono::minutes{20};

    struct Orphan {
        TransactionRef transaction;
        PeerId from;              ///< to whose share it counts
        std::set<PeerId> others;  ///< that have announced it since
        TimePoint expiry;
        uint64_t sequence = 0;  ///< order of arrival
    };

    /// The effort of judging it once more: one, and one for every ten inputs to look up.
    static int64_t effort_of(const Transaction& transaction) {
        return 1 + static_cast<int64_t>(transaction.inputs().size() / 10);
    }

    /// False: already here, too large, or at once evicted.
    bool add(const TransactionRef& transaction, PeerId from, TimePoint now);
    bool contains(const Wtxid& wtxid) const { return orphans_.contains(wtxid); }
    /// Another peer has it too: it stays when the first one leaves. Null: not here, or not new.
    TransactionRef announced(const Wtxid& wtxid, PeerId peer);
    void erase(const Wtxid& wtxid);
    /// Those that the peer has and that spend `parent`, the newest first.
    std::vector<TransactionRef> children(const Txid& parent, PeerId peer) const;
    std::vector<Orphan> list() const;
    void peer_gone(PeerId peer);
    /// Removes orphans that the block includes or conflicts with.
    void block_connected(const Block& block);
    void expire(TimePoint now);

    /// This transaction is now known: the orphans that spend it are to be judged again.
    void parent_arrived(const Txid& parent);
    /// Removes and returns the oldest orphan to be judged again.
    std::optional<Orphan> take_ready();
    bool has_ready() const { return !ready_.empty(); }

    std::optional<TimePoint> deadline() const;
    size_t size() const { return orphans_.size(); }
    int64_t weight() const { return weight_; }
    int64_t effort() const { return effort_; }

 private:
    struct Usage {
        int64_t weight = 0;
        int64_t effort = 0;
        std::map<uint64_t, Wtxid> by_age;
    };

    void count(const Orphan& orphan, int64_t sign);
    void evict_excess();
    /// How far a peer is above its share, in millionths of the share.
    int64_t excess(const Usage& usage) const;

    uint64_t next_sequence_ = 0;
    int64_t weight_ = 0;
    int64_t effort_ = 0;
    std::map<Wtxid, Orphan> orphans_;
    std::map<OutPoint, std::set<Wtxid>> spenders_;
    std::map<PeerId, Usage> usages_;  ///< of peers with orphans
    std::set<std::pair<TimePoint, Wtxid>> expiries_;
    std::map<uint64_t, Wtxid> ready_;  ///< to be judged again, by age
};

}  // namespace parley
