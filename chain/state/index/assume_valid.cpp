#include "chain/state/index/assume_valid.h"

namespace parley {
namespace {

// Scripts are only skipped if this much time's worth of work is on top, so that skipping the
// scripts of an invented chain is not free.
constexpr uint64_t kBuriedMin_s = 14 * 24 * 60 * 60;

}  // namespace

const char* AssumeValid::why_checked(const HeaderNode& node) const {
    if (options_.block.is_zero()) return "assumevalid=0 (always verify)";
    const HeaderNode* assumed = index_.find(options_.block);
    if (assumed == nullptr) return "assumevalid hash not in headers";
    if (assumed->height < node.height) return "block height above assumevalid height";
    if (assumed->ancestor(node.height) != &node) return "block not in assumevalid chain";
    const HeaderNode& best = index_.best_header();
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

bool AssumeValid::scripts_are_checked(const HeaderNode& node) {
    const char* reason = why_checked(node);
    const bool checked = reason != nullptr;
    if (checked != checked_last_) {
        checked_last_ = checked;
        log_.info(LogCategory::general, "{} script verification at block #{} ({}){}{}.",
                  checked ? "Enabling" : "Disabling", node.height.value(), node.hash.to_string(),
                  checked ? ": " : "", checked ? reason : "");
    }
    return checked;
}

}  // namespace parley
