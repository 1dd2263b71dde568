#include "chain/state/coins_repair.h"

#include <utility>

#include "base/check.h"
#include "chain/rules/block_rules.h"
#include "chain/store/store_check.h"

namespace parley {
namespace {

// Interval between progress messages while blocks are connected again.
constexpr int32_t kProgressBlocks = 10'000;

}  // namespace

Expected<void, std::string> CoinsRepair::run(const std::vector<BlockHash>& hashes,
                                             const HeaderNode& tip) {
    CHECK(!hashes.empty());
    std::vector<const HeaderNode*> walk;
    for (const BlockHash& hash : hashes) {
        walk.push_back(parts_.index.find(hash));
        if (walk.back() == nullptr)
            return Unexpected(damaged_store("chainstate", "it refers to an unknown block"));
    }
    if (auto replayed = replay_walk(walk); !replayed) return replayed;
    const HeaderNode* from = walk.back();
    const HeaderNode* fork = fork_point(from, &tip);
    if (from != &tip) {
        parts_.log.info(LogCategory::general,
                        "Updating the UTXO set from block {} to {}: {} blocks back, {} forward",
                        from->height.value(), tip.height.value(), from->height - fork->height,
                        tip.height - fork->height);
    }
    for (const HeaderNode* node = from; node != fork; node = node->parent) {
        if (auto result = roll_back(*node); !result) return result;
    }
    for (Height height = fork->height + 1; height <= tip.height; ++height) {
        if (auto result = roll_forward(*tip.ancestor(height)); !result) return result;
        if (height.value() % kProgressBlocks == 0)
            parts_.log.info(LogCategory::general, "... at block {}", height.value());
    }
    return {};
}

Expected<void, std::string> CoinsRepair::replay_walk(const std::vector<const HeaderNode*>& walk) {
    parts_.coins.begin_replay(walk);
    for (size_t i = 0; i + 1 < walk.size(); ++i) {
        const HeaderNode* fork = fork_point(walk[i], walk[i + 1]);
        parts_.log.info(
            LogCategory::general,
            "Replaying the blocks of an interrupted coins write from {} to {}: {} back, {} forward",
            walk[i]->height.value(), walk[i + 1]->height.value(), walk[i]->height - fork->height,
            walk[i + 1]->height - fork->height);
        for (const HeaderNode* node = walk[i]; node != fork; node = node->parent) {
            if (auto result = replay_back(*node); !result) return result;
        }
        for (Height height = fork->height + 1; height <= walk[i + 1]->height; ++height) {
            if (auto result = replay_forward(*walk[i + 1]->ancestor(height)); !result)
                return result;
        }
    }
    parts_.coins.end_replay();
    return {};
}

Expected<CoinsRepair::StoredBlock, std::string> CoinsRepair::read_with_undo(
    const HeaderNode& node) const {
    if (!node.has_body() || !node.has_undo())
        return Unexpected(damaged_store("blocks", "undo data is missing"));
    auto block = parts_.blocks.read(node);
    if (!block) return Unexpected(damaged_store("blocks", block.error().message));
    auto undo = parts_.blocks.read_undo(node);
    if (!undo) return Unexpected(damaged_store("blocks", undo.error().message));
    return StoredBlock{std::move(*block), std::move(*undo)};
}

Expected<BlockRef, std::string> CoinsRepair::read(const HeaderNode& node) const {
    if (!node.has_body()) return Unexpected(damaged_store("blocks", "a block is missing"));
    auto block = parts_.blocks.read(node);
    if (!block) return Unexpected(damaged_store("blocks", block.error().message));
    return std::move(*block);
}

Expected<void, std::string> CoinsRepair::replay_back(const HeaderNode& node) {
    const auto stored = read_with_undo(node);
    if (!stored) return Unexpected(stored.error());
    if (!parts_.coins.replay_disconnect(*stored->block, stored->undo))
        return Unexpected(damaged_store("blocks", "undo data does not match its block"));
    write_due(node);
    return {};
}

Expected<void, std::string> CoinsRepair::replay_forward(const HeaderNode& node) {
    const auto block = read(node);
    if (!block) return Unexpected(block.error());
    parts_.coins.replay_connect(**block, node.height);
    write_due(node);
    return {};
}

void CoinsRepair::write_due(const HeaderNode& at) {
    if (!parts_.coins.due()) return;
    // A killed process may have written blocks that are not synced.
    if (!std::exchange(synced_, true)) parts_.blocks.sync();
    parts_.coins.write_slices(at);
}

Expected<void, std::string> CoinsRepair::roll_back(const HeaderNode& node) {
    const auto stored = read_with_undo(node);
    if (!stored) return Unexpected(stored.error());
    CoinsOverlay overlay = parts_.coins.overlay();
    if (auto loaded = load_coins_to_disconnect(*stored->block, node.height, overlay); !loaded)
        return Unexpected(damaged_store("chainstate", loaded.error().message));
    if (!disconnect_block(parts_.params, *stored->block, node.height, stored->undo, overlay))
        return Unexpected(damaged_store("chainstate", "undo data does not match the coins"));
    parts_.coins.apply(std::move(overlay));
    write_due(*node.parent);
    return {};
}

Expected<void, std::string> CoinsRepair::roll_forward(const HeaderNode& node) {
    const auto block = read(node);
    if (!block) return Unexpected(block.error());
    const ConnectContext context{parts_.params, *node.parent, node.hash,
                                 parts_.version_bits.script_flags(*node.parent), check_scripts_};
    CoinsOverlay overlay = parts_.coins.overlay();
    if (auto loaded = load_coins_to_connect(context, **block, overlay); !loaded)
        return Unexpected(damaged_store("chainstate", loaded.error().message));
    const auto undo = connect_block(context, **block, overlay, parts_.verifier);
    if (!undo) return Unexpected(damaged_store("chainstate", undo.error().to_string()));
    parts_.coins.apply(std::move(overlay));
    write_due(node);
    return {};
}

}  // namespace parley
