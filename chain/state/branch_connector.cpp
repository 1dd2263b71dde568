#include "chain/state/branch_connector.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/rules/block_rules.h"

namespace parley {
namespace {

Unexpected<StorageError> corrupt(std::string what) {
    return Unexpected(StorageError{StorageError::Code::corruption, std::move(what)});
}

}  // namespace

bool BranchConnector::is_void() const {
    return std::any_of(begun_.begin(), begun_.end(),
                       [](const BegunBlock& each) { return each.node->is_invalid(); });
}

BranchConnector::Result BranchConnector::step_towards(const HeaderNode& target,
                                                      ChainUpdate& update) {
    const HeaderNode* fork = fork_point(&head(), &target);
    if (fork != &head()) {
        const Result settled = settle(0, update);
        if (!settled || !*settled) return settled;
    }
    while (&head() != fork) {
        if (auto disconnected = disconnect_tip(update); !disconnected)
            return failed("Failed to disconnect block.", disconnected.error());
    }
    const int32_t steps = std::min(target.height - fork->height, options_.step_blocks);
    std::vector<const HeaderNode*> path;
    path.reserve(static_cast<size_t>(steps));
    for (auto* node = target.ancestor(fork->height + steps); node != fork; node = node->parent)
        path.push_back(node);
    for (auto node = path.rbegin(); node != path.rend(); ++node) {
        Result result = begin(**node, update);
        if (result && *result) result = settle(1, update);
        // After an invalid block, the best candidate may be another.
        if (!result || !*result) return result;
    }
    return true;
}

Unexpected<StorageError> BranchConnector::failed(std::string sentence,
                                                 const StorageError& why) const {
    parts_.log.error(LogCategory::general, "{} {}", sentence, why.message);
    return Unexpected(StorageError{why.code, std::move(sentence)});
}

Expected<ChainStep, StorageError> BranchConnector::read_tip() const {
    const HeaderNode& node = parts_.index.tip();
    parts_.blocks.commit();
    if (!node.has_body() || !node.has_undo()) {
        return corrupt("block " + node.hash.to_string() +
                       " cannot be disconnected: it was removed");
    }
    auto block = parts_.blocks.read(node);
    if (!block) return Unexpected(block.error());
    auto undo = parts_.blocks.read_undo(node);
    if (!undo) return Unexpected(undo.error());
    return ChainStep{&node, std::move(*block), std::make_shared<const BlockUndo>(std::move(*undo))};
}

Expected<void, StorageError> BranchConnector::disconnect_tip(ChainUpdate& update) {
    const HeaderNode& node = parts_.index.tip();
    const bool just_connected = !update.connected.empty() && update.connected.back().node == &node;
    ChainStep step;
    if (just_connected) {
        step = std::move(update.connected.back());
        update.connected.pop_back();
    } else {
        auto read = read_tip();
        if (!read) return Unexpected(read.error());
        step = std::move(*read);
    }
    CoinsOverlay overlay = parts_.coins.overlay();
    if (auto loaded = load_coins_to_disconnect(*step.block, node.height, overlay); !loaded)
        return loaded;
    if (!disconnect_block(parts_.params, *step.block, node.height, *step.undo, overlay)) {
        return corrupt("the undo data of block " + node.hash.to_string() +
                       " does not match the coins");
    }
    parts_.index.disconnect_tip();
    parts_.coins.apply(std::move(overlay));
    if (!just_connected) update.disconnected.push_back(std::move(step));
    parts_.log.debug(LogCategory::validation, "Disconnected block {} at height {}",
                     node.hash.to_string(), node.height.value());
    return {};
}

// Connects the block above the head, except for the verdict of its scripts.
BranchConnector::Result BranchConnector::begin(const HeaderNode& node, ChainUpdate& update) {
    CHECK(node.parent == &head() && node.has_body());
    auto taken = parts_.blocks.take(node);
    if (!taken) return failed("Failed to read block.", taken.error());
    BlockRef block = std::move(*taken);
    const CoinsView& base = begun_.empty() ? parts_.coins.view() : begun_.back().coins;
    CoinsOverlay overlay(base, parts_.coins.hash());
    const bool check_scripts =
        (!node.has_undo() || options_.check_again) && parts_.assume_valid.scripts_are_checked(node);
    const ConnectContext context{parts_.params, *node.parent,
                                 node.hash,     parts_.version_bits.script_flags(*node.parent),
                                 check_scripts, parts_.verifier.cache()};
    if (auto loaded = load_coins_to_connect(context, *block, overlay); !loaded)
        return Unexpected(loaded.error());
    auto scripts = parts_.verifier.begin();
    auto undo = begin_connect_block(context, *block, overlay, *scripts);
    if (!undo) {
        scripts.reset();
        // A begun block below may be invalid too; then that is reported.
        const Result settled = settle(0, update);
        if (!settled || !*settled) return settled;
        report_invalid(node, undo.error(), update);
        return false;
    }
    begun_.push_back(
        {&node, std::move(block), std::move(overlay), std::move(*undo), std::move(scripts)});
    return true;
}

// Waits for the verdict of the oldest begun block, and acts on it.
BranchConnector::Result BranchConnector::settle_oldest(ChainUpdate& update) {
    BegunBlock& oldest = begun_.front();
    const HeaderNode& node = *oldest.node;
    if (const auto failure = oldest.scripts->finish()) {
        const BlockError error = script_error_of(*failure);
        begun_.clear();
        report_invalid(node, error, update);
        return false;
    }
    if (!node.has_undo()) parts_.blocks.append_undo(node, oldest.undo);
    parts_.coins.apply(std::move(oldest.coins));
    parts_.index.connect_tip(node);
    update.connected.push_back({&node, std::move(oldest.block),
                                std::make_shared<const BlockUndo>(std::move(oldest.undo))});
    begun_.pop_front();
    if (!begun_.empty()) begun_.front().coins.rebase(parts_.coins.view());
    return true;
}

BranchConnector::Result BranchConnector::settle(size_t blocks, ChainUpdate& update) {
    while (begun_.size() > blocks) {
        Result result = settle_oldest(update);
        if (!result || !*result) return result;
    }
    return true;
}

void BranchConnector::report_invalid(const HeaderNode& node, BlockError error,
                                     ChainUpdate& update) {
    parts_.log.warning(LogCategory::validation, "Block {} at height {} is invalid: {}",
                       node.hash.to_string(), node.height.value(), error.to_string());
    parts_.index.mark_invalid(node);
    update.invalid.push_back({&node, std::move(error)});
}

}  // namespace parley
