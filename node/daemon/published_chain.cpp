#include "node/daemon/published_chain.h"

#include <utility>

namespace parley {
namespace {

// Clients mostly ask for the newest blocks. Large blocks are not kept: formatting them costs more
// than fetching them, and in memory they take several times their serialized size.
constexpr size_t kBlocksMax = 32;
constexpr size_t kBlockBytesMax = 32 << 10;

class Snapshot final : public ChainSnapshot {
 public:
    Snapshot(std::shared_ptr<const BlockSummary> tip, std::function<bool(uint32_t)> files_there)
        : tip_(std::move(tip)), files_there_(std::move(files_there)) {}

    const BlockSummary& tip() const override { return *tip_; }

    std::shared_ptr<const KnownBlock> find(const BlockHash& hash) const override {
        const auto block = cached(hash);
        return block && files_there_(block->file) ? block : nullptr;
    }

    void keep(const BlockHash& tip, std::shared_ptr<const KnownBlock> block) const override {
        if (tip != tip_->hash || block->block->size() > kBlockBytesMax) return;
        const std::lock_guard lock(mutex_);
        if (blocks_.size() >= kBlocksMax) blocks_.clear();
        blocks_.emplace(block->summary.hash, std::move(block));
    }

 private:
    std::shared_ptr<const KnownBlock> cached(const BlockHash& hash) const {
        const std::lock_guard lock(mutex_);
        const auto found = blocks_.find(hash);
        return found != blocks_.end() ? found->second : nullptr;
    }

    const std::shared_ptr<const BlockSummary> tip_;
    const std::function<bool(uint32_t)> files_there_;
    mutable std::mutex mutex_;
    mutable std::map<BlockHash, std::shared_ptr<const KnownBlock>> blocks_;  // guarded by the mutex
};

}  // namespace

std::shared_ptr<const ChainSnapshot> PublishedChain::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

void PublishedChain::show(std::shared_ptr<const BlockSummary> tip) {
    std::shared_ptr<const ChainSnapshot> next =
        std::make_shared<Snapshot>(std::move(tip), files_there_);
    const std::lock_guard lock(mutex_);
    snapshot_.swap(next);
}

}  // namespace parley
