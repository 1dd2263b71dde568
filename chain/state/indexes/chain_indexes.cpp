#include "chain/state/indexes/chain_indexes.h"

#include <fmt/format.h>

#include <algorithm>

namespace parley {

ChainIndexes::ChainIndexes(const IndexStores& stores, Chainstate& chain, LogSink& log)
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
    lock_blocks();
    return {};
}

// What each index has not read yet must not be pruned, nor what it reads again if the chain moves
// to another branch.
void ChainIndexes::lock_blocks() {
    if (!chain_.prune_state().enabled) return;
    for (const ChainIndex* index : all_)
        chain_.set_prune_lock(index->title(), index->last_common().height);
}

std::optional<std::string> ChainIndexes::history_problem() const {
    const ChainIndex* lowest = nullptr;
    for (const ChainIndex* index : all_) {
        const bool lower =
            lowest == nullptr || index->last_common().height <= lowest->last_common().height;
        if (!index->synced() && lower) lowest = index;
    }
    if (lowest == nullptr || lowest->has_history()) return std::nullopt;
    return fmt::format(
        "{} best block of the index goes beyond pruned data (including undo data). Please disable "
        "the index or reindex (which will download the whole blockchain again)",
        lowest->title());
}

void ChainIndexes::step() {
    const bool all_of_it = chain_.prune_state().enabled;
    for (ChainIndex* index : all_) {
        do index->step();
        while (all_of_it && !index->synced() && !index->waiting() && !index->failure());
    }
    lock_blocks();
}

bool ChainIndexes::idle() const {
    return std::ranges::all_of(
        all_, [](const ChainIndex* index) { return index->synced() || index->waiting(); });
}

const StorageError* ChainIndexes::failure() const {
    for (const ChainIndex* index : all_) {
        if (index->failure()) return &*index->failure();
    }
    return nullptr;
}

}  // namespace parley
