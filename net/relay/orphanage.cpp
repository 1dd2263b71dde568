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
    const auto added =
        orphans_.emplace(wtxid, Orphan{transaction, from, {}, expiry, sequence}).first;
    expiries_.emplace(expiry, wtxid);
    for (const TxInput& input : transaction->inputs()) spenders_[input.prevout].insert(wtxid);
    usages_[from].by_age.emplace(sequence, wtxid);
    count(added->second, 1);
    evict_excess();
    return contains(wtxid);
}

void Orphanage::count(const Orphan& orphan, int64_t sign) {
    const int64_t weight = sign * orphan.transaction->weight().value();
    const int64_t effort = sign * effort_of(*orphan.transaction);
    Usage& usage = usages_.at(orphan.from);
    usage.weight += weight;
    usage.effort += effort;
    weight_ += weight;
    effort_ += effort;
}

TransactionRef Orphanage::announced(const Wtxid& wtxid, PeerId peer) {
    const auto found = orphans_.find(wtxid);
    if (found == orphans_.end() || found->second.from == peer ||
        !found->second.others.insert(peer).second)
        return nullptr;
    return found->second.transaction;
}

std::vector<TransactionRef> Orphanage::children(const Txid& parent, PeerId peer) const {
    std::map<uint64_t, TransactionRef> by_age;
    for (auto it = spenders_.lower_bound(OutPoint{parent, 0});
         it != spenders_.end() && it->first.txid == parent; ++it) {
        for (const Wtxid& child : it->second) {
            const Orphan& orphan = orphans_.at(child);
            if (orphan.from == peer || orphan.others.contains(peer))
                by_age.emplace(orphan.sequence, orphan.transaction);
        }
    }
    std::vector<TransactionRef> found;
    for (auto it = by_age.rbegin(); it != by_age.rend(); ++it) found.push_back(it->second);
    return found;
}

std::vector<Orphanage::Orphan> Orphanage::list() const {
    std::vector<Orphan> all;
    for (const auto& [wtxid, orphan] : orphans_) all.push_back(orphan);
    return all;
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
    count(orphan, -1);
    const auto usage = usages_.find(orphan.from);
    usage->second.by_age.erase(orphan.sequence);
    const bool last = usage->second.by_age.empty();
    if (last) usages_.erase(usage);
    ready_.erase(orphan.sequence);
    expiries_.erase({orphan.expiry, orphan.transaction->wtxid()});
    orphans_.erase(found);
    // The bound of the weight has shrunk with the number of peers.
    if (last) evict_excess();
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
    for (auto& [wtxid, orphan] : orphans_) orphan.others.erase(peer);
    const auto usage = usages_.find(peer);
    if (usage == usages_.end()) return;
    const std::map<uint64_t, Wtxid> gone = usage->second.by_age;
    for (const auto& [sequence, wtxid] : gone) {
        Orphan& orphan = orphans_.at(wtxid);
        if (orphan.others.empty()) {
            erase(wtxid);
            continue;
        }
        count(orphan, -1);
        orphan.from = *orphan.others.begin();
        orphan.others.erase(orphan.others.begin());
        usages_[orphan.from].by_age.emplace(sequence, wtxid);
        count(orphan, 1);
    }
    usages_.erase(peer);
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
