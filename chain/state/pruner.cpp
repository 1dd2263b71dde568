#include "chain/state/pruner.h"

#include <algorithm>

#include "base/check.h"

namespace parley {
namespace {

// bitcoind's values: the blocks that a reorganisation may need, also that of an index; and the
// increments in which files grow.
constexpr int32_t kBlocksKept = 288;
constexpr int32_t kBlocksKeptBelowLock = 10;
constexpr uint64_t kGrowthBytes = (uint64_t{16} << 20) + (uint64_t{1} << 20);

}  // namespace

PruneState Pruner::state() const {
    PruneState state;
    state.enabled = options_.enabled;
    state.target_bytes = options_.target_bytes;
    if (const HeaderNode* lost = index_.last_pruned()) state.pruned_to = lost->height;
    return state;
}

void Pruner::set_lock(const std::string& name, Height height) {
    locks_.insert_or_assign(name, height);
}

void Pruner::move_locks_back(Height height) {
    for (auto& [name, lock] : locks_) {
        if (lock <= height) continue;
        lock = height;
        log_.debug(LogCategory::prune, "{} prune lock moved back to {}", name, height.value());
    }
}

Height Pruner::height_max() const {
    const std::string* limiting = nullptr;
    Height locked = index_.tip().height;
    for (const auto& [name, lock] : locks_) {
        const Height last = lock - (kBlocksKeptBelowLock + 1);
        if (last >= locked) continue;
        locked = last;
        limiting = &name;
    }
    if (limiting != nullptr)
        log_.debug(LogCategory::prune, "{} limited pruning to height {}", *limiting,
                   locked.value());
    return std::min(locked, index_.tip().height - kBlocksKept);
}

Height Pruner::prune(Coins& coins, Height height) {
    CHECK(options_.enabled);
    const Height last = std::min(height, height_max());
    std::vector<uint32_t> numbers;
    for (uint32_t number = 0; number < blocks_.files().count(); ++number) {
        if (blocks_.files().is_prunable(number, last)) numbers.push_back(number);
    }
    remove(coins, numbers);
    return state().pruned_to.value_or(Height{-1});
}

void Pruner::prune_to_target(Coins& coins) {
    const BlockStore& files = blocks_.files();
    if (!options_.enabled || options_.target_bytes == 0 ||
        index_.tip().height < Height{options_.after_height})
        return;
    looked_ = true;
    uint64_t size = files.size_on_disk();
    // Small files grow in smaller increments than those of bitcoind.
    if (size < size_last_ + std::min(kGrowthBytes, options_.file_bytes_max)) return;
    const Height last = height_max();
    const uint64_t growth = std::min(kGrowthBytes, 2 * options_.file_bytes_max);
    std::vector<uint32_t> numbers;
    for (uint32_t number = 0; number < files.count(); ++number) {
        if (size + growth < options_.target_bytes) break;
        if (!files.is_prunable(number, last)) continue;
        size -= files.size_of(number);
        numbers.push_back(number);
    }
    size_last_ = size;
    remove(coins, numbers);
}

void Pruner::remove(Coins& coins, const std::vector<uint32_t>& numbers) {
    if (numbers.empty()) return;
    // A start never goes back to these blocks: the coins are those after the tip, and are safe.
    coins.write_all(index_.tip(), Durability::synced);
    blocks_.remove(numbers);
    log_.info(LogCategory::general, "Pruned {} block files, up to blk{:05}.dat", numbers.size(),
              numbers.back());
    blocks_.sync();
}

}  // namespace parley
