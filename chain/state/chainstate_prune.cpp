// -prune: block files whose blocks are all buried are removed, with their undo data. What stays is
// the header, the number of transactions, and that the block was connected.
#include <algorithm>

#include "base/check.h"
#include "chain/state/chainstate_impl.h"

namespace parley {
namespace {

// bitcoind's figures: what a reorganisation may need, and what the files grow by at a time.
constexpr int32_t kBlocksKept = 288;
constexpr uint64_t kGrowthBytes = (uint64_t{16} << 20) + (uint64_t{1} << 20);

}  // namespace

PruneState ChainstateImpl::prune_state() const {
    PruneState state;
    state.enabled = options_.prune;
    state.target_bytes = options_.prune_target_bytes;
    // The first block of the active chain, from the tip downwards, that is not there any more.
    if (!pruned_) return state;
    const auto lost = std::find_if(active_.rbegin(), active_.rend(), [](const HeaderNode* node) {
        return node->parent != nullptr && !node->has_body();
    });
    if (lost != active_.rend()) state.pruned_to = (*lost)->height;
    return state;
}

Height ChainstateImpl::prune(Height height) {
    CHECK(options_.prune);
    // Blocks that a reindexing has not read yet may be in any file.
    if (reindex_) return prune_state().pruned_to.value_or(Height{-1});
    const Height last = std::min(height, tip().height - kBlocksKept);
    std::vector<uint32_t> numbers;
    for (uint32_t number = 0; number < files_.count(); ++number) {
        if (files_.is_prunable(number, last)) numbers.push_back(number);
    }
    remove_files(numbers);
    return prune_state().pruned_to.value_or(Height{-1});
}

void ChainstateImpl::maybe_prune() {
    const bool automatic = options_.prune && options_.prune_target_bytes != 0 && !reindex_;
    if (!automatic || files_.count() == files_at_last_prune_ ||
        tip().height < Height{options_.prune_after_height})
        return;
    files_at_last_prune_ = files_.count();
    const Height last = tip().height - kBlocksKept;
    // Small files grow by less than bitcoind's allocate at a time.
    const uint64_t growth = std::min(kGrowthBytes, 2 * options_.block_file_bytes_max);
    uint64_t size = files_.size_on_disk();
    std::vector<uint32_t> numbers;
    for (uint32_t number = 0; number < files_.count(); ++number) {
        if (size + growth < options_.prune_target_bytes) break;
        if (!files_.is_prunable(number, last)) continue;
        size -= files_.size_of(number);
        numbers.push_back(number);
    }
    remove_files(numbers);
}

void ChainstateImpl::remove_files(const std::vector<uint32_t>& numbers) {
    if (numbers.empty() || failure()) return;
    // A start never goes back to these blocks: the coins are those after the tip, and are safe.
    flush_coins(Durability::synced);
    candidates_.clear();  // what orders them changes
    tree_.for_each([&](HeaderNode& node) {
        if (!node.has_body() || node.parent == nullptr) return;
        if (std::find(numbers.begin(), numbers.end(), node.block_position.file) == numbers.end())
            return;
        node.block_position = {};
        node.undo_position = {};
        touch(node);
        if (node.status == BlockStatus::connected) return;
        // As if its body had never come.
        if (!node.is_invalid()) node.status = BlockStatus::header_only;
        node.sequence = 0;
        node.transactions = 0;
    });
    sum_transactions();
    rebuild_candidates();
    for (const uint32_t number : numbers) files_.remove(pending_, number);
    pending_.put(Bytes{kPrunedKey}, Bytes{1});
    pruned_ = true;
    recent_.clear();
    recent_bytes_ = 0;
    log_.info(LogCategory::general, "Pruned {} block files, up to blk{:05}.dat", numbers.size(),
              numbers.back());
    sync_blocks();
}

bool ChainstateImpl::has_bodies_above(const HeaderNode& node, const HeaderNode& below) const {
    for (const HeaderNode* each = &node; each != &below; each = each->parent) {
        if (!each->has_body()) return false;
    }
    return true;
}

}  // namespace parley
