#include <algorithm>

#include "base/check.h"
#include "chain/state/chainstate_impl.h"
#include "chain/store/coin_codec.h"

namespace parley {
namespace {

// Blocks that wait for their connection mostly come one by one; more than this is read again.
constexpr size_t kRecentBytesMax = size_t{16} << 20;
// Undo data that waits for the end of an activation; beyond this it is written ahead.
constexpr size_t kPendingBytesMax = size_t{8} << 20;

}  // namespace

void ChainstateImpl::remember_recent(const HeaderNode& node, const BlockRef& block) {
    recent_.emplace_back(&node, block);
    recent_bytes_ += node.block_position.size;
    while (recent_bytes_ > kRecentBytesMax) {
        recent_bytes_ -= recent_.front().first->block_position.size;
        recent_.pop_front();
    }
}

BlockRef ChainstateImpl::take_recent(const HeaderNode& node) {
    const auto found = std::find_if(recent_.begin(), recent_.end(),
                                    [&](const auto& entry) { return entry.first == &node; });
    if (found == recent_.end()) return nullptr;
    BlockRef block = std::move(found->second);
    recent_bytes_ -= node.block_position.size;
    recent_.erase(found);
    return block;
}

void ChainstateImpl::fail(const StorageError& error) {
    if (!failure_) failure_ = error;
    log_.error(LogCategory::storage, "Cannot read the block or coin data: {}", error.message);
}

const HeaderNode* ChainstateImpl::best_candidate() {
    while (!candidates_.empty()) {
        const HeaderNode* best = *candidates_.begin();
        if (is_candidate(*best) && agrees_with_finalized(*best) &&
            (!pruned_ || has_bodies_above(*best, *fork_point(best, &tip()))))
            return best;
        candidates_.erase(candidates_.begin());
    }
    return nullptr;
}

ChainUpdate ChainstateImpl::activate_best_chain(Settle settle) {
    ChainUpdate update;
    const HeaderNode& start = tip();
    const HeaderNode& begun = head();
    const auto limit = static_cast<size_t>(options_.activation_step_blocks);
    drop_unsettled_if_invalid();
    while (!failure()) {
        const HeaderNode* target = best_candidate();
        CHECK(target != nullptr);  // genesis at least
        const bool better = tip().is_invalid() || BetterFirst{}(target, &tip());
        const bool enough =
            update.connected.size() + unsettled_.size() >= limit && BetterFirst{}(&head(), &start);
        if (better && target != &head() && !enough) {
            if (!step_towards(*target, update)) break;
            continue;
        }
        const bool superseded = !better && !unsettled_.empty();
        // What was begun in this call may go on alone.
        const bool leave = settle == Settle::but_last && &head() != &begun;
        if (settle_to(leave ? 1 : 0, update) != ConnectResult::connected || superseded) continue;
        update.more = better && target != &head();
        break;
    }
    if (failure()) return update;
    update.unsettled = !unsettled_.empty();
    if (update.changed() || !update.invalid.empty()) {
        put_hash(pending_, kActiveTipKey, tip().hash);
        commit_pending();
        prune_candidates();
        maybe_flush_coins();
        maybe_prune();
    }
    return update;
}

bool ChainstateImpl::step_towards(const HeaderNode& target, ChainUpdate& update) {
    const HeaderNode* fork = fork_point(&head(), &target);
    if (fork != &head()) {
        const ConnectResult settled = settle_to(0, update);
        if (settled != ConnectResult::connected) return settled == ConnectResult::invalid;
    }
    while (&head() != fork) {
        if (!disconnect_tip(update)) return false;
    }
    const int32_t steps = std::min(target.height - fork->height, options_.activation_step_blocks);
    std::vector<const HeaderNode*> path;
    path.reserve(static_cast<size_t>(steps));
    for (auto* node = target.ancestor(fork->height + steps); node != fork; node = node->parent)
        path.push_back(node);
    for (auto node = path.rbegin(); node != path.rend(); ++node) {
        auto result = begin_block(**node, update);
        if (result == ConnectResult::connected) result = settle_to(1, update);
        // After an invalid block there is another best candidate.
        if (result != ConnectResult::connected) return result == ConnectResult::invalid;
    }
    return true;
}

bool ChainstateImpl::disconnect_tip(ChainUpdate& update) {
    const HeaderNode& node = tip();
    CHECK(node.height > finalized_->height);
    ChainStep step;
    const bool just_connected = !update.connected.empty() && update.connected.back().node == &node;
    if (just_connected) {
        step = std::move(update.connected.back());
        update.connected.pop_back();
    } else {
        commit_pending();
        if (!node.has_body() || !node.has_undo()) {
            fail({StorageError::Code::corruption,
                  "block " + node.hash.to_string() + " cannot be disconnected: it was removed"});
            return false;
        }
        auto block = read_block(node);
        auto undo = block ? read_undo(node) : Unexpected(block.error());
        if (!block || !undo) {
            fail(undo.error());
            return false;
        }
        step = {&node, std::move(*block), std::make_shared<const BlockUndo>(std::move(*undo))};
    }
    CoinsOverlay overlay(coins_, coins_.hash());
    if (auto loaded = load_coins_to_disconnect(*step.block, node.height, overlay); !loaded) {
        fail(loaded.error());
        return false;
    }
    if (!disconnect_block(params_, *step.block, node.height, *step.undo, overlay)) {
        fail({StorageError::Code::corruption,
              "the undo data of block " + node.hash.to_string() + " does not fit the coins"});
        return false;
    }
    coins_.apply(std::move(overlay));
    active_.pop_back();
    coins_flush_.block_passed();
    if (!just_connected) update.disconnected.push_back(std::move(step));
    log_.debug(LogCategory::validation, "Disconnected block {} at height {}", node.hash.to_string(),
               node.height.value());
    return true;
}

ChainstateImpl::ConnectResult ChainstateImpl::begin_block(const HeaderNode& target,
                                                          ChainUpdate& update) {
    HeaderNode& node = tree_.edit(target);
    CHECK(node.parent == &head() && node.has_body());
    BlockRef block = take_recent(node);
    if (block == nullptr) {
        auto read = read_block(node);
        if (!read) {
            fail(read.error());
            return ConnectResult::failed;
        }
        block = std::move(*read);
    }
    const CoinsView& base =
        unsettled_.empty() ? static_cast<const CoinsView&>(coins_) : unsettled_.back().coins;
    CoinsOverlay overlay(base, coins_.hash());
    const bool check_scripts =
        (!node.has_undo() || options_.reindex_chainstate) && scripts_are_checked(node);
    const ConnectContext context{params_,       *node.parent,
                                 node.hash,     version_bits_.script_flags(*node.parent),
                                 check_scripts, verifier_.cache()};
    if (auto loaded = load_coins_to_connect(context, *block, overlay); !loaded) {
        fail(loaded.error());
        return ConnectResult::failed;
    }
    auto scripts = verifier_.begin();
    auto undo = begin_connect_block(context, *block, overlay, *scripts);
    if (!undo) {
        scripts.reset();
        // A block below it may be invalid too: then that is what is to be said.
        const ConnectResult settled = settle_to(0, update);
        if (settled != ConnectResult::connected) return settled;
        report_invalid(node, undo.error(), update);
        return ConnectResult::invalid;
    }
    unsettled_.push_back(
        {&node, std::move(block), std::move(overlay), std::move(*undo), std::move(scripts)});
    return ConnectResult::connected;
}

ChainstateImpl::ConnectResult ChainstateImpl::settle_block(ChainUpdate& update) {
    UnsettledBlock& settled = unsettled_.front();
    HeaderNode& node = *settled.node;
    if (const auto failure = settled.scripts->finish()) {
        const BlockError error = script_error_of(*failure);
        unsettled_.clear();
        report_invalid(node, error, update);
        return ConnectResult::invalid;
    }
    if (!node.has_undo()) {
        const Bytes data = serialize_undo(settled.undo);
        node.undo_position =
            files_.append_undo(pending_, node.block_position.file, data, node.parent->hash);
        node.status = BlockStatus::connected;
        touch(node);
        pending_bytes_ += data.size();
        if (pending_bytes_ > kPendingBytesMax) commit_pending();
    }
    coins_.apply(std::move(settled.coins));
    active_.push_back(&node);
    coins_flush_.block_passed();
    update.connected.push_back({&node, std::move(settled.block),
                                std::make_shared<const BlockUndo>(std::move(settled.undo))});
    unsettled_.pop_front();
    if (!unsettled_.empty()) unsettled_.front().coins.rebase(coins_);
    return ConnectResult::connected;
}

ChainstateImpl::ConnectResult ChainstateImpl::settle_to(size_t blocks, ChainUpdate& update) {
    while (unsettled_.size() > blocks) {
        const ConnectResult result = settle_block(update);
        if (result != ConnectResult::connected) return result;
    }
    return ConnectResult::connected;
}

void ChainstateImpl::report_invalid(HeaderNode& node, BlockError error, ChainUpdate& update) {
    log_.warning(LogCategory::validation, "Block {} at height {} is invalid: {}",
                 node.hash.to_string(), node.height.value(), error.to_string());
    mark_invalid(node);
    update.invalid.push_back({&node, std::move(error)});
}

// By hand or by a checkpoint, since they were begun.
void ChainstateImpl::drop_unsettled_if_invalid() {
    for (const UnsettledBlock& each : unsettled_) {
        if (!each.node->is_invalid()) continue;
        unsettled_.clear();
        return;
    }
}

void ChainstateImpl::mark_invalid(HeaderNode& node) {
    const auto mark = [this](HeaderNode& target, BlockStatus status) {
        if (target.score) candidates_.erase(&target);
        target.status = status;
        touch(target);
    };
    mark(node, BlockStatus::invalid);
    tree_.for_each_descendant(node, [&](HeaderNode& child) {
        if (!child.is_invalid()) mark(child, BlockStatus::invalid_ancestor);
        return true;
    });
    if (best_header_->is_invalid()) recompute_best_header();
}

void ChainstateImpl::recompute_best_header() {
    best_header_ = &tree_.genesis();
    tree_.for_each([this](HeaderNode& node) { update_best_header(node); });
}

void ChainstateImpl::rebuild_candidates() {
    const HeaderNode* valid = &tip();
    while (valid->is_invalid()) valid = valid->parent;
    candidates_.clear();
    tree_.for_each([&](HeaderNode& node) {
        if (is_candidate(node) && !BetterFirst{}(valid, &node)) candidates_.insert(&node);
    });
}

void ChainstateImpl::prune_candidates() {
    const auto self = candidates_.insert(&tip()).first;
    candidates_.erase(std::next(self), candidates_.end());
}

void ChainstateImpl::commit_pending() {
    write_touched(pending_);
    if (!pending_.empty()) blocks_store_.commit(std::move(pending_), Durability::written);
    pending_ = WriteBatch{};
    pending_bytes_ = 0;
}

void ChainstateImpl::sync_blocks() {
    put_hash(pending_, kActiveTipKey, tip().hash);
    put_synced_mark(pending_, {sequence_last_, tip().hash});
    write_touched(pending_);
    blocks_store_.commit(std::move(pending_), Durability::synced);
    pending_ = WriteBatch{};
    pending_bytes_ = 0;
}

void ChainstateImpl::maybe_flush_coins() {
    if (!coins_flush_.due()) return;
    // The blocks that the coins stand for must be safe before the coins are.
    sync_blocks();
    while (coins_flush_.due()) coins_flush_.write_slice(tip());
}

void ChainstateImpl::flush_coins(Durability durability) {
    sync_blocks();
    coins_flush_.write_all(tip(), durability, false);
}

}  // namespace parley
