#include "chain/rules/coins_overlay.h"

#include <utility>
#include <vector>

#include "base/check.h"

namespace parley {

Expected<void, StorageError> CoinsOverlay::load(std::span<const OutPoint> outpoints,
                                                Height height) {
    // The table does not grow afterwards, so pointers to entries stay valid.
    reserve(outpoints.size());
    std::vector<OutPoint> unknown;
    std::vector<Entry*> entries;
    unknown.reserve(outpoints.size());
    entries.reserve(outpoints.size());
    for (const OutPoint& outpoint : outpoints) {
        const auto [entry, added] = coins_.try_emplace(outpoint);
        if (!added) continue;
        unknown.push_back(outpoint);
        entries.push_back(&entry->second);
    }
    bool too_young = false;
    auto fetched = base_->fetch(unknown, [&](size_t position, const Coin& coin) {
        entries[position]->coin = coin;
        entries[position]->in_base = true;
        too_young |= coin.height > height;
    });
    if (fetched && too_young) {
        fetched =
            Unexpected(StorageError{StorageError::Code::corruption,
                                    "chainstate: an unspent output has a height above the tip"});
    }
    if (!fetched) coins_.clear();
    return fetched;
}

void CoinsOverlay::reserve(size_t more) {
    const size_t coins = coins_.size() + more;
    // The table's own reserve() would make a larger table smaller.
    if (coins > coins_.max_load()) coins_.reserve(coins);
}

bool CoinsOverlay::contains(const OutPoint& outpoint) const {
    const auto found = coins_.find(outpoint);
    CHECK(found != coins_.end());
    return found->second.coin.has_value();
}

std::optional<Coin> CoinsOverlay::spend(const OutPoint& outpoint) {
    const auto found = coins_.find(outpoint);
    CHECK(found != coins_.end());
    Entry& entry = found->second;
    if (!entry.coin) return std::nullopt;
    entry.changed = true;
    return std::exchange(entry.coin, std::nullopt);
}

void CoinsOverlay::add(const OutPoint& outpoint, Coin coin) {
    CHECK(!coin.output.script_pubkey.is_unspendable());
    Entry& entry = coins_[outpoint];
    entry.coin = std::move(coin);
    entry.changed = true;
}

Expected<void, StorageError> CoinsOverlay::fetch(std::span<const OutPoint> outpoints,
                                                 const Visitor& visit) const {
    return fetch_through(*base_, outpoints, visit, [&](size_t position) {
        const auto found = coins_.find(outpoints[position]);
        if (found == coins_.end()) return false;
        if (found->second.coin) visit(position, *found->second.coin);
        return true;
    });
}

CoinsOverlay::Entries CoinsOverlay::take_entries(const CoinsView& base) && {
    CHECK(base_ == &base);
    return std::move(coins_);
}

}  // namespace parley
