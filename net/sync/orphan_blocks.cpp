#include "net/sync/orphan_blocks.h"

#include <iterator>
#include <utility>

namespace parley {

bool OrphanBlocks::add(const BlockHash& hash, Orphan orphan) {
    const size_t size = orphan.block->size() + orphan.seal.size();
    if (size > kBytesMax || blocks_.contains(hash)) return false;
    while (blocks_.size() >= kBlocksMax || bytes_ + size > kBytesMax)
        erase(blocks_.find(order_.begin()->second));
    children_.emplace(orphan.block->header.previous, hash);
    order_.emplace(next_sequence_, hash);
    bytes_ += size;
    blocks_.emplace(hash, Entry{std::move(orphan), size, next_sequence_++});
    return true;
}

void OrphanBlocks::erase(Entries::iterator entry) {
    const auto [first, last] = children_.equal_range(entry->second.orphan.block->header.previous);
    for (auto child = first; child != last; ++child) {
        if (child->second != entry->first) continue;
        children_.erase(child);
        break;
    }
    order_.erase(entry->second.sequence);
    bytes_ -= entry->second.size;
    blocks_.erase(entry);
}

std::vector<OrphanBlocks::Orphan> OrphanBlocks::take_children(const BlockHash& parent) {
    std::vector<Orphan> result;
    for (auto child = children_.find(parent); child != children_.end();
         child = children_.find(parent)) {
        const auto entry = blocks_.find(child->second);
        result.push_back(entry->second.orphan);
        erase(entry);
    }
    return result;
}

size_t OrphanBlocks::depth_below(const BlockHash& parent) const {
    size_t depth = 0;
    // A hash names all its ancestors, so no block comes twice.
    std::vector<BlockHash> level{parent};
    while (true) {
        std::vector<BlockHash> next;
        for (const BlockHash& hash : level) {
            const auto [first, last] = children_.equal_range(hash);
            for (auto child = first; child != last; ++child) next.push_back(child->second);
        }
        if (next.empty()) return depth;
        ++depth;
        level = std::move(next);
    }
}

void OrphanBlocks::peer_gone(PeerId peer) {
    for (auto entry = blocks_.begin(); entry != blocks_.end();) {
        const auto next = std::next(entry);
        if (entry->second.orphan.from == peer) erase(entry);
        entry = next;
    }
}

}  // namespace parley
