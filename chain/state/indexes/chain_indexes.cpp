#include "chain/state/indexes/chain_indexes.h"

#include <algorithm>

namespace parley {

ChainIndexes::ChainIndexes(const IndexStores& stores, const Chainstate& chain, LogSink& log)
    : chain_(chain) {
    const auto add = [&](IndexKind kind, auto& index) {
        Storage* store = stores[static_cast<size_t>(kind)];
        if (store != nullptr) all_.push_back(&index.emplace(*store, chain, log));
    };
    add(IndexKind::transactions, transactions_);
    add(IndexKind::coin_stats, coin_stats_);
    add(IndexKind::spenders, spenders_);
    add(IndexKind::filters, filters_);
}

Expected<void, std::string> ChainIndexes::open() {
    for (ChainIndex* index : all_) {
        if (auto opened = index->open(); !opened) return opened;
    }
    return {};
}

void ChainIndexes::step() {
    const bool all_of_it = chain_.prune_state().enabled;
    for (ChainIndex* index : all_) {
        do index->step();
        while (all_of_it && !index->synced() && !index->failure());
    }
}

bool ChainIndexes::synced() const {
    return std::ranges::all_of(all_, [](const ChainIndex* index) { return index->synced(); });
}

const StorageError* ChainIndexes::failure() const {
    for (const ChainIndex* index : all_) {
        if (index->failure()) return &*index->failure();
    }
    return nullptr;
}

}  // namespace parley
