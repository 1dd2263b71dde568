// Orphanage: transactions that spend unknown outputs wait here for their parents, bounded in
// number, size and time. A peer's orphans are removed when it disconnects. Core thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/peer_id.h"
#include "base/random.h"
#include "base/time.h"
#include "chain/primitives/block.h"
#include "chain/primitives/transaction.h"

namespace parley {

class Orphanage {
 public:
    static constexpr size_t kOrphansMax = 100;
    /// Larger orphans are not kept: 100 kvB, the policy limit for any transaction.
    static constexpr int64_t kWeightMax = 400'000;
    static constexpr Duration kLifetime = std::chrono::minutes{20};

    explicit Orphanage(Random& random) : random_(random) {}

    /// False: already here, or too large. When full, a random orphan is dropped, so that an
    /// attacker cannot target another peer's.
    bool add(const TransactionRef& transaction, PeerId from, TimePoint now);
    bool contains(const Wtxid& wtxid) const { return orphans_.contains(wtxid); }
    void erase(const Wtxid& wtxid);
    void peer_gone(PeerId peer);
    /// Removes orphans that the block includes or conflicts with.
    void block_connected(const Block& block);
    void expire(TimePoint now);

    struct Orphan {
        TransactionRef transaction;
        PeerId from;
        TimePoint expiry;
    };
    /// The orphans that spend an output of this transaction, ordered by wtxid.
    std::vector<Orphan> children_of(const Txid& parent) const;

    std::optional<TimePoint> deadline() const;
    size_t size() const { return orphans_.size(); }

 private:
    Random& random_;
    std::map<Wtxid, Orphan> orphans_;
    std::map<OutPoint, std::set<Wtxid>> spenders_;
    std::set<std::pair<TimePoint, Wtxid>> expiries_;
};

}  // namespace parley
