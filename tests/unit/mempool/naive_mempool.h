// NaiveMempool: the mempool's rules once more, without indexes: a list that is searched from end to
// end, sums that are counted anew each time. The model test holds the real one against it. It
// restates the limits instead of including them. For tests only.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mempool/cluster/linearization.h"
#include "tests/unit/mempool/fake_chain.h"

namespace parley {

class NaiveMempool {
 public:
    struct Entry {
        TransactionRef transaction;
        int64_t fee = 0;
        int64_t time = 0;
        int64_t size() const { return transaction->virtual_size(); }
    };

    explicit NaiveMempool(const FakeChain& chain) : chain_(chain) {}

    /// "" when it is taken, otherwise bitcoind's word. `min_rate` in satoshi per kvB.
    std::string submit(const TransactionRef& transaction, int64_t time, int64_t min_rate,
                       bool returned = false);
    void connect(const Block& block);
    void disconnect(const BlockRef& block) { disconnected_.push_back(block); }
    void reorganised(int64_t time);
    void expire(int64_t time);
    /// The entry that the real mempool says it evicted must be the one that is worth least.
    void evict_least();

    std::set<Txid> relatives(const Txid& txid, bool up) const;  // with itself
    const Entry* find(const Txid& txid) const {
        for (const auto& entry : entries)
            if (entry.transaction->txid() == txid) return &entry;
        return nullptr;
    }
    int64_t sum_fees(const std::set<Txid>& ids) const {
        int64_t sum = 0;
        for (const auto& id : ids) sum += find(id)->fee;
        return sum;
    }
    int64_t sum_sizes(const std::set<Txid>& ids) const {
        int64_t sum = 0;
        for (const auto& id : ids) sum += find(id)->size();
        return sum;
    }

    std::set<Txid> txids() const {
        std::set<Txid> all;
        for (const auto& entry : entries) all.insert(entry.transaction->txid());
        return all;
    }

    std::vector<Entry> entries;  // by arrival; transactions returned from blocks come first

 private:
    std::optional<TxOutput> output(const OutPoint& outpoint) const {
        if (const Entry* parent = find(outpoint.txid)) {
            const auto& outputs = parent->transaction->outputs();
            if (outpoint.index < outputs.size()) return outputs[outpoint.index];
            return std::nullopt;
        }
        const auto coin = chain_.coin(outpoint).value();
        return coin ? std::optional{coin->output} : std::nullopt;
    }
    std::vector<Txid> spenders(const OutPoint& outpoint) const {
        std::vector<Txid> found;
        for (const auto& entry : entries) {
            for (const auto& input : entry.transaction->inputs())
                if (input.prevout == outpoint) found.push_back(entry.transaction->txid());
        }
        return found;
    }
    void remove_all(const std::set<Txid>& ids) {
        std::erase_if(entries,
                      [&](const Entry& entry) { return ids.contains(entry.transaction->txid()); });
    }
    std::set<Txid> cluster(const Transaction& seed, const std::set<Txid>& excluded) const;
    /// Of these entries, and of what comes; null: nothing.
    std::vector<LinearChunk> diagram(const std::set<Txid>& ids, const TransactionRef& coming,
                                     int64_t fee) const {
        std::vector<LinearItem> items;
        std::map<Txid, size_t> positions;
        const auto add = [&](const TransactionRef& transaction, int64_t paid) {
            LinearItem item{{paid, transaction->weight().value()}, {}};
            for (const auto& input : transaction->inputs())
                if (positions.contains(input.prevout.txid))
                    item.parents.push_back(positions.at(input.prevout.txid));
            positions[transaction->txid()] = items.size();
            items.push_back(std::move(item));
        };
        for (const auto& entry : entries)
            if (ids.contains(entry.transaction->txid())) add(entry.transaction, entry.fee);
        if (coming) add(coming, fee);
        return linearize(items);
    }

    const FakeChain& chain_;
    std::vector<BlockRef> disconnected_;
    std::set<Txid> confirmed_again_;
};

inline std::set<Txid> NaiveMempool::relatives(const Txid& txid, bool up) const {
    const std::set<Txid> present = txids();
    std::set<Txid> known{txid};
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& entry : entries) {
            const Txid& child = entry.transaction->txid();
            if (up && !known.contains(child)) continue;
            for (const auto& input : entry.transaction->inputs()) {
                const Txid& parent = input.prevout.txid;
                if (!up && known.contains(parent)) grown |= known.insert(child).second;
                if (up && present.contains(parent)) grown |= known.insert(parent).second;
            }
        }
    }
    return known;
}

inline std::set<Txid> NaiveMempool::cluster(const Transaction& seed,
                                            const std::set<Txid>& excluded) const {
    const std::set<Txid> present = txids();
    std::set<Txid> known{seed.txid()};
    for (const auto& input : seed.inputs())
        if (find(input.prevout.txid) && !excluded.contains(input.prevout.txid))
            known.insert(input.prevout.txid);
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& entry : entries) {
            const Txid& child = entry.transaction->txid();
            if (excluded.contains(child)) continue;
            for (const auto& input : entry.transaction->inputs()) {
                const Txid& parent = input.prevout.txid;
                if (parent != seed.txid() &&
                    (!present.contains(parent) || excluded.contains(parent)))
                    continue;
                if (known.contains(child)) grown |= known.insert(parent).second;
                if (known.contains(parent)) grown |= known.insert(child).second;
            }
        }
    }
    known.erase(seed.txid());
    return known;
}

inline std::string NaiveMempool::submit(const TransactionRef& transaction, int64_t time,
                                        int64_t min_rate, bool returned) {
    if (find(transaction->txid())) return "txn-already-in-mempool";
    std::set<Txid> conflicts;
    int64_t fee = 0;
    for (const auto& input : transaction->inputs()) {
        for (const auto& spender : spenders(input.prevout)) conflicts.insert(spender);
    }
    if (returned && !conflicts.empty()) return "txn-mempool-conflict";
    for (const auto& input : transaction->inputs()) {
        const auto spent = output(input.prevout);
        if (!spent) {
            for (uint32_t i = 0; i < transaction->outputs().size(); ++i)
                if (chain_.coin({transaction->txid(), i}).value()) return "txn-already-known";
            return "bad-txns-inputs-missingorspent";
        }
        fee += spent->value.value();
    }
    for (const auto& each : transaction->outputs()) fee -= each.value.value();
    if (fee < 0) return "bad-txns-in-belowout";
    const int64_t size = transaction->virtual_size();
    if (!returned) {
        if (min_rate > 100 && fee * 1000 < min_rate * size) return "mempool min fee not met";
        if (fee * 1000 < 100 * size) return "min relay fee not met";
    }
    std::set<Txid> evicted;
    int64_t replaced_fees = 0;
    for (const auto& conflict : conflicts) {
        const auto below = relatives(conflict, false);
        evicted.insert(below.begin(), below.end());
    }
    replaced_fees = sum_fees(evicted);
    if (!conflicts.empty()) {
        if (fee < replaced_fees) return "insufficient fee";
        if ((fee - replaced_fees) * 1000 < 100 * size) return "insufficient fee";
    }
    const auto others = cluster(*transaction, evicted);
    int64_t weight = transaction->weight().value();
    for (const auto& other : others) weight += find(other)->transaction->weight().value();
    if (others.size() + 1 > 64 || weight > 404'000) return "too-large-cluster";
    if (!conflicts.empty()) {
        std::set<Txid> seeds = evicted;
        for (const auto& input : transaction->inputs())
            if (find(input.prevout.txid)) seeds.insert(input.prevout.txid);
        std::set<Txid> concerned;
        for (const auto& seed : seeds) {
            if (!concerned.insert(seed).second) continue;
            for (const auto& each : cluster(*find(seed)->transaction, {})) concerned.insert(each);
        }
        const auto before = diagram(concerned, nullptr, 0);
        for (const auto& id : evicted) concerned.erase(id);
        if (compare_diagrams(diagram(concerned, transaction, fee), before) !=
            std::partial_ordering::greater)
            return "replacement-failed";
    }
    for (const auto& input : transaction->inputs()) {
        if (!find(input.prevout.txid)) continue;
        for (const auto& ancestor : relatives(input.prevout.txid, true))
            if (conflicts.contains(ancestor)) return "bad-txns-spends-conflicting-tx";
    }
    remove_all(evicted);
    entries.push_back({transaction, fee, time});
    return "";
}

inline void NaiveMempool::connect(const Block& block) {
    for (const auto& transaction : block.transactions) {
        confirmed_again_.insert(transaction->txid());
        remove_all({transaction->txid()});
        for (const auto& input : transaction->inputs()) {
            for (const auto& spender : spenders(input.prevout))
                remove_all(relatives(spender, false));
        }
    }
    if (disconnected_.empty()) confirmed_again_.clear();
}

inline void NaiveMempool::reorganised(int64_t time) {
    std::vector<Entry> before = std::exchange(entries, {});
    std::vector<TransactionRef> returning;
    for (auto block = disconnected_.rbegin(); block != disconnected_.rend(); ++block) {
        for (const auto& transaction : (*block)->transactions)
            if (!confirmed_again_.contains(transaction->txid())) returning.push_back(transaction);
    }
    // The old entries are looked at as children only, so each may stand behind what returns.
    entries = before;
    size_t place = 0;
    for (const auto& transaction : returning) {
        if (!transaction->is_coinbase() && submit(transaction, time, 0, true).empty()) {
            std::rotate(entries.begin() + static_cast<std::ptrdiff_t>(place), entries.end() - 1,
                        entries.end());
            ++place;
            continue;
        }
        for (uint32_t i = 0; i < transaction->outputs().size(); ++i) {
            for (const auto& spender : spenders({transaction->txid(), i}))
                remove_all(relatives(spender, false));
        }
    }
    for (bool removed = true; removed;) {
        removed = false;
        for (const auto& entry : entries) {
            const auto& inputs = entry.transaction->inputs();
            if (std::all_of(inputs.begin(), inputs.end(),
                            [&](const TxInput& input) { return output(input.prevout); }))
                continue;
            remove_all(relatives(entry.transaction->txid(), false));
            removed = true;
            break;
        }
    }
    disconnected_.clear();
    confirmed_again_.clear();
}

inline void NaiveMempool::expire(int64_t time) {
    std::set<Txid> old;
    for (const auto& entry : entries) {
        if (entry.time + 336 * 3600 >= time) continue;
        const auto below = relatives(entry.transaction->txid(), false);
        old.insert(below.begin(), below.end());
    }
    remove_all(old);
}

inline void NaiveMempool::evict_least() {
    const Entry* least = nullptr;
    std::pair<int64_t, int64_t> least_rate;
    for (const auto& entry : entries) {
        const auto below = relatives(entry.transaction->txid(), false);
        std::pair rate{entry.fee, entry.size()};
        const std::pair whole{sum_fees(below), sum_sizes(below)};
        if (whole.first * rate.second > rate.first * whole.second) rate = whole;
        // Of equals the newest goes.
        if (!least || rate.first * least_rate.second <= least_rate.first * rate.second) {
            least = &entry;
            least_rate = rate;
        }
    }
    if (least) remove_all(relatives(least->transaction->txid(), false));
}

}  // namespace parley
