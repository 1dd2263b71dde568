#include "chain/state/index/checkpoints.h"

#include <fmt/format.h>

namespace parley {

Expected<void, BlockError> Checkpoints::check(const HeaderNode& parent,
                                              const BlockHash& hash) const {
    const Height height = parent.height + 1;
    const auto refuse = [&](std::string reason) {
        return Unexpected(BlockError{BlockErrorKind::conflicts_with_final, std::move(reason),
                                     fmt::format("height {}", height.value())});
    };
    for (const auto& [checkpoint, expected] : list_) {
        if (height == checkpoint && hash != expected) return refuse("checkpoint mismatch");
    }
    if (highest_ == nullptr) return {};
    // All ancestors of a known checkpoint are known, so a new header at such a height is a fork.
    if (height <= highest_->height || parent.ancestor(highest_->height) != highest_)
        return refuse("bad-fork-prior-to-checkpoint");
    return {};
}

void Checkpoints::note(const HeaderNode& node) {
    for (const auto& [height, hash] : list_) {
        if (node.height != height || node.hash != hash) continue;
        if (highest_ != nullptr && highest_->height >= height) return;
        highest_ = &node;
        drop_forks_of(node);
        return;
    }
}

void Checkpoints::drop_forks_of(const HeaderNode& node) {
    for (const HeaderNode* child = &node; child->parent != nullptr; child = child->parent) {
        for (auto* other = child->parent->first_child; other != nullptr;
             other = other->next_sibling) {
            if (other == child || other->is_invalid()) continue;
            log_.warning(LogCategory::general,
                         "Block {} at height {} forks off before checkpoint {}",
                         other->hash.to_string(), other->height.value(), node.height.value());
            index_.mark_invalid(*other);
        }
    }
}

void Checkpoints::apply() {
    for (const auto& [height, hash] : list_) {
        for (const HeaderNode* node : index_.all_at_height(height)) {
            if (node->hash != hash && !node->is_invalid()) index_.mark_invalid(*node);
        }
        if (const HeaderNode* node = index_.find(hash)) note(*node);
    }
}

bool Checkpoints::cover(const HeaderNode& node) const {
    return highest_ != nullptr && node.height <= highest_->height &&
           highest_->ancestor(node.height) == &node;
}

}  // namespace parley
