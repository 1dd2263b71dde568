#include "net/relay/orphanage.h"

#include <iterator>

namespace parley {

bool Orphanage::add(const TransactionRef& transaction, PeerId from, TimePoint now) {
    const Wtxid& wtxid = transaction->wtxid();
    if (transaction->weight().value() > kWeightMax || contains(wtxid)) return false;
    if (orphans_.size() >= kOrphansMax) {
        const auto steps = static_cast<std::ptrdiff_t>(random_.uniform(orphans_.size()));
        erase(Wtxid{std::next(orphans_.begin(), steps)->first});
    }
    const TimePoint expiry = now + kLifetime;
    orphans_.emplace(wtxid, Orphan{transaction, from, expiry});
    expiries_.emplace(expiry, wtxid);
    for (const TxInput& input : transaction->inputs()) spenders_[input.prevout].insert(wtxid);
    return true;
}

void Orphanage::erase(const Wtxid& wtxid) {
    const auto found = orphans_.find(wtxid);
    if (found == orphans_.end()) return;
    for (const TxInput& input : found->second.transaction->inputs()) {
        const auto spender = spenders_.find(input.prevout);
        if (spender == spenders_.end()) continue;  // the same outpoint twice in one orphan
        spender->second.erase(wtxid);
        if (spender->second.empty()) spenders_.erase(spender);
    }
    expiries_.erase({found->second.expiry, wtxid});
    orphans_.erase(found);
}

void Orphanage::peer_gone(PeerId peer) {
    std::vector<Wtxid> gone;
    for (const auto& [wtxid, orphan] : orphans_) {
        if (orphan.from == peer) gone.push_back(wtxid);
    }
    for (const Wtxid& wtxid : gone) erase(wtxid);
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

std::vector<Orphanage::Orphan> Orphanage::children_of(const Txid& parent) const {
    std::set<Wtxid> children;
    for (auto it = spenders_.lower_bound(OutPoint{parent, 0});
         it != spenders_.end() && it->first.txid == parent; ++it)
        children.insert(it->second.begin(), it->second.end());
    std::vector<Orphan> result;
    for (const Wtxid& wtxid : children) result.push_back(orphans_.at(wtxid));
    return result;
}

std::optional<TimePoint> Orphanage::deadline() const {
    if (expiries_.empty()) return std::nullopt;
    return expiries_.begin()->first;
}

}  // namespace parley
