// What the user vouches for: checkpoints, and -assumevalid.
#include <fmt/format.h>

#include "chain/state/chainstate_impl.h"

namespace parley {
namespace {

// A chain of invented blocks would have to carry as much work as this much time takes, before its
// scripts are believed.
constexpr uint64_t kBuriedMin_s = 14 * 24 * 60 * 60;

}  // namespace

Expected<void, BlockError> ChainstateImpl::check_checkpoints(const HeaderNode& parent,
                                                             const BlockHash& hash) const {
    const Height height = parent.height + 1;
    const auto refuse = [&](std::string reason) {
        return Unexpected(BlockError{BlockErrorKind::conflicts_with_final, std::move(reason),
                                     fmt::format("height {}", height.value())});
    };
    for (const auto& [checkpoint, expected] : options_.checkpoints) {
        if (height == checkpoint && hash != expected) return refuse("checkpoint mismatch");
    }
    if (checkpoint_ == nullptr) return {};
    // The ancestors of a known checkpoint are known, too: what is new beside them is a fork.
    if (height <= checkpoint_->height || parent.ancestor(checkpoint_->height) != checkpoint_)
        return refuse("bad-fork-prior-to-checkpoint");
    return {};
}

void ChainstateImpl::note_checkpoint(const HeaderNode& node) {
    for (const auto& [height, hash] : options_.checkpoints) {
        if (node.height != height || node.hash != hash) continue;
        if (checkpoint_ != nullptr && checkpoint_->height >= height) return;
        checkpoint_ = &node;
        drop_forks_of(node);
        return;
    }
}

void ChainstateImpl::drop_forks_of(const HeaderNode& node) {
    bool dropped = false;
    for (const HeaderNode* child = &node; child->parent != nullptr; child = child->parent) {
        for (auto* other = child->parent->first_child; other != nullptr;
             other = other->next_sibling) {
            if (other == child || other->is_invalid()) continue;
            log_.warning(LogCategory::general,
                         "Block {} at height {} forks off before checkpoint {}",
                         other->hash.to_string(), other->height.value(), node.height.value());
            mark_invalid(tree_.edit(*other));
            dropped = true;
        }
    }
    if (dropped) rebuild_candidates();
}

void ChainstateImpl::load_checkpoints() {
    for (const auto& [height, hash] : options_.checkpoints) {
        for (const HeaderNode* node : tree_.at_height(height)) {
            if (node->hash != hash && !node->is_invalid()) mark_invalid(tree_.edit(*node));
        }
        if (const HeaderNode* node = tree_.find(hash)) note_checkpoint(*node);
    }
    if (tip().is_invalid()) rebuild_candidates();
}

bool ChainstateImpl::is_checkpointed(const HeaderNode& node) const {
    return checkpoint_ != nullptr && node.height <= checkpoint_->height &&
           checkpoint_->ancestor(node.height) == &node;
}

const char* ChainstateImpl::why_scripts_are_checked(const HeaderNode& node) const {
    if (options_.assume_valid.is_zero()) return "assumevalid=0 (always verify)";
    const HeaderNode* assumed = tree_.find(options_.assume_valid);
    if (assumed == nullptr) return "assumevalid hash not in headers";
    if (assumed->height < node.height) return "block height above assumevalid height";
    if (assumed->ancestor(node.height) != &node) return "block not in of assumevalid chain";
    const HeaderNode& best = *best_header_;
    if (best.height < node.height || best.ancestor(node.height) != &node)
        return "block not in best header chain";
    if (*best.score < options_.minimum_score) return "best header chainwork below minimumchainwork";
    // genesis is connected from the start, so the best header has a parent here
    const Score last = *best.score - *best.parent->score;
    const auto spacing_s = static_cast<uint64_t>(params_.target_spacing_s);
    if ((*best.score - *node.score) * spacing_s / last <= U256{kBuriedMin_s})
        return "block too recent relative to best header";
    return nullptr;
}

bool ChainstateImpl::scripts_are_checked(const HeaderNode& node) {
    const char* reason = why_scripts_are_checked(node);
    const bool checked = reason != nullptr;
    if (checked != scripts_checked_last_) {
        scripts_checked_last_ = checked;
        log_.info(LogCategory::general, "{} script verification at block #{} ({}){}{}.",
                  checked ? "Enabling" : "Disabling", node.height.value(), node.hash.to_string(),
                  checked ? ": " : "", checked ? reason : "");
    }
    return checked;
}

}  // namespace parley
