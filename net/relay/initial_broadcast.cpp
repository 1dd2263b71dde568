#include "net/relay/initial_broadcast.h"

#include <utility>

namespace parley {

void InitialBroadcast::add(const Txid& txid, TimePoint now) {
    if (waiting_.empty()) {
        constexpr Duration kSpread = kDelayMax - kDelayMin;
        const auto part = random_.uniform(static_cast<uint64_t>(kSpread.count()));
        next_ = now + kDelayMin + Duration{static_cast<int64_t>(part)};
    }
    waiting_.insert(txid);
}

void InitialBroadcast::block_connected(const Block& block) {
    if (waiting_.empty()) return;
    for (const TransactionRef& transaction : block.transactions) {
        if (waiting_.erase(transaction->txid()) == 0) continue;
        log_.debug(LogCategory::mempool,
                   "Removed {} from set of unbroadcast txns before confirmation that txn was sent "
                   "out",
                   transaction->txid().to_string());
    }
}

std::set<Txid> InitialBroadcast::take_due(TimePoint now) {
    if (waiting_.empty() || now < next_) return {};
    std::set<Txid> due = waiting();
    waiting_.clear();
    for (const Txid& txid : due) add(txid, now);
    return due;
}

std::optional<TimePoint> InitialBroadcast::deadline() const {
    if (waiting_.empty()) return std::nullopt;
    return next_;
}

std::set<Txid> InitialBroadcast::waiting() const {
    std::set<Txid> all;
    for (const Txid& txid : waiting_) {
        if (view_.find_transaction(GenTxid::of(txid)) != nullptr) all.insert(txid);
    }
    return all;
}

}  // namespace parley
