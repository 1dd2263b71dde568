#include "net/relay/orphanage.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace parley {

bool Orphanage::add(const TransactionRef& transaction, PeerId from, TimePoint now) {
    const Wtxid& wtxid = transaction->wtxid();
    const int64_t weight = transaction->weight().value();
    if (weight > kWeightMax || contains(wtxid)) return false;
    const TimePoint expiry = now + kLifetime;
    const uint64_t sequence = next_sequence_++;
    orphans_.emplace(wtxid, Orphan{transaction, from, expiry, sequence});
    expiries_.emplace(expiry, wtxid);
    for (const TxInput& input : transaction->inputs()) spenders_[input.prevout].insert(wtxid);
    Usage& usage = usages_[from];
    usage.by_age.emplace(sequence, wtxid);
    usage.weight += weight;
    usage.effort += effort_of(*transaction);
    weight_ += weight;
    effort_ += effort_of(*transaction);
    evict_excess();
    return contains(wtxid);
}

void Orphanage::erase(const Wtxid& wtxid) {
    const auto found = orphans_.find(wtxid);
    if (found == orphans_.end()) return;
    const Orphan orphan = found->second;
    for (const TxInput& input : orphan.transaction->inputs()) {
        const auto spender = spenders_.find(input.prevout);
        if (spender == spenders_.end()) continue;  // the same outpoint twice in one orphan
        spender->second.erase(wtxid);
        if (spender->second.empty()) spenders_.erase(spender);
    }
    const auto usage = usages_.find(orphan.from);
    usage->second.by_age.erase(orphan.sequence);
    usage->second.weight -= orphan.transaction->weight().value();
    usage->second.effort -= effort_of(*orphan.transaction);
    if (usage->second.by_age.empty()) usages_.erase(usage);
    weight_ -= orphan.transaction->weight().value();
    effort_ -= effort_of(*orphan.transaction);
    ready_.erase(orphan.sequence);
    expiries_.erase({orphan.expiry, orphan.transaction->wtxid()});
    orphans_.erase(found);
}

int64_t Orphanage::excess(const Usage& usage) const {
    constexpr int64_t kMillion = 1'000'000;
    const auto peers = static_cast<int64_t>(usages_.size());
    return std::max(usage.weight * kMillion / kWeightPerPeer,
                    usage.effort * peers * kMillion / kEffortMax);
}

void Orphanage::evict_excess() {
    while (!usages_.empty() && (weight_ > kWeightPerPeer * static_cast<int64_t>(usages_.size()) ||
                                effort_ > kEffortMax)) {
        const auto worst = std::max_element(
            usages_.begin(), usages_.end(),
            [this](const auto& a, const auto& b) { return excess(a.second) < excess(b.second); });
        // The bounds are the sums of the shares, so somebody is above its share.
        CHECK(!worst->second.by_age.empty());
        erase(Wtxid{worst->second.by_age.begin()->second});
    }
}

void Orphanage::peer_gone(PeerId peer) {
    const auto usage = usages_.find(peer);
    if (usage == usages_.end()) return;
    const std::map<uint64_t, Wtxid> gone = usage->second.by_age;
    for (const auto& [sequence, wtxid] : gone) erase(wtxid);
    // The bound of the weight has shrunk with the number of peers.
    evict_excess();
}

void Orphanage::block_connected(const Block& block) {
    if (orphans_.empty()) return;
    std::set<Wtxid> gone;
    for (const TransactionRef& transaction : block.transactions) {
        for (const TxInput& input : transaction->inputs()) {
            const auto spender = spenders_.find(input.prevout);
            if (spender != spenders_.end())
                gone.insert(spender->second.begin(), spender->second.end());
        }
    }
    for (const Wtxid& wtxid : gone) erase(wtxid);
}

void Orphanage::expire(TimePoint now) {
    while (!expiries_.empty() && expiries_.begin()->first <= now)
        erase(Wtxid{expiries_.begin()->second});
}

void Orphanage::parent_arrived(const Txid& parent) {
    for (auto it = spenders_.lower_bound(OutPoint{parent, 0});
         it != spenders_.end() && it->first.txid == parent; ++it) {
        for (const Wtxid& child : it->second) ready_.emplace(orphans_.at(child).sequence, child);
    }
}

std::optional<Orphanage::Orphan> Orphanage::take_ready() {
    if (ready_.empty()) return std::nullopt;
    const Wtxid wtxid = ready_.begin()->second;
    Orphan orphan = orphans_.at(wtxid);
    erase(wtxid);
    return orphan;
}

std::optional<TimePoint> Orphanage::deadline() const {
    if (expiries_.empty()) return std::nullopt;
    return expiries_.begin()->first;
}

}  // namespace parley
