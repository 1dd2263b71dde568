#include "chain/state/snapshot/background_chain.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "chain/rules/block_rules.h"

namespace parley {
namespace {

// One step ends with the block that exceeds this, so that the node can go on with the best chain.
constexpr size_t kStepBytes = size_t{1} << 20;
constexpr int kStepBlocks = 32;
// Interval between progress messages.
constexpr int32_t kProgressBlocks = 10'000;

Unexpected<BackgroundChain::Failure> failed(StorageError error) {
    return Unexpected(BackgroundChain::Failure{std::move(error)});
}

Unexpected<BackgroundChain::Failure> corrupt(std::string what) {
    return failed(StorageError{StorageError::Code::corruption, std::move(what)});
}

}  // namespace

BackgroundChain::BackgroundChain(const Parts& parts, const AssumeValid::Options& assume_valid,
                                 std::unique_ptr<Coins> coins, const HeaderNode& at)
    : parts_(parts),
      assume_valid_(assume_valid, parts.params, parts.index, parts.log),
      coins_(std::move(coins)),
      at_(&at) {
    CHECK(parts_.index.snapshot_base() != nullptr);
}

bool BackgroundChain::is_on_path() const {
    const HeaderNode& base = *parts_.index.snapshot_base();
    return at_->height <= base.height && base.ancestor(at_->height) == at_;
}

bool BackgroundChain::can_step() const {
    const HeaderNode& base = *parts_.index.snapshot_base();
    // A branch that does not lead to the base is left once the block beside it is there.
    const HeaderNode& fork = *fork_point(at_, &base);
    return at_ == &base || base.ancestor(fork.height + 1)->has_body();
}

Expected<bool, BackgroundChain::Failure> BackgroundChain::step() {
    const HeaderNode& base = *parts_.index.snapshot_base();
    if (at_ != &base) {
        if (auto connected = connect_some(); !connected) return Unexpected(connected.error());
        return false;
    }
    if (!hasher_) {
        coins_->write_all(base, Durability::written);
        hasher_.emplace(parts_.coins, coins_->keys());
    }
    if (auto hashed = hasher_->step(); !hashed) return failed(hashed.error());
    if (!hasher_->done()) return false;
    const Hash256 hash = hasher_->hash();
    const KnownSnapshot* known = find_snapshot(parts_.params, base.hash);
    CHECK(known != nullptr);
    if (hash == known->coins_hash) return true;
    return Unexpected(Failure{Refuted{
        fmt::format("the hash of the coins after block {} is {}, and that of the snapshot is {}",
                    base.hash.to_string(), hash.to_string(), known->coins_hash.to_string())}});
}

Expected<void, BackgroundChain::Failure> BackgroundChain::connect_some() {
    size_t bytes = 0;
    for (int n = 0; n < kStepBlocks && bytes < kStepBytes; ++n) {
        if (!is_on_path()) {
            if (auto done = disconnect(); !done) return done;
            continue;
        }
        const HeaderNode& base = *parts_.index.snapshot_base();
        if (at_ == &base) break;
        const HeaderNode& node = *base.ancestor(at_->height + 1);
        if (!node.has_body()) break;
        const auto block = parts_.blocks.take(node);
        if (!block) return failed(block.error());
        if (auto done = connect(node, *block); !done) return done;
        bytes += node.block_position.size;
    }
    parts_.blocks.commit();
    coins_->write_due(*at_);
    return {};
}

// The chain before the snapshot was loaded had blocks that do not lead to the base.
Expected<void, BackgroundChain::Failure> BackgroundChain::disconnect() {
    if (!at_->has_body() || !at_->has_undo())
        return corrupt("block " + at_->hash.to_string() +
                       " cannot be disconnected: it was removed");
    const auto block = parts_.blocks.read(*at_);
    if (!block) return failed(block.error());
    const auto undo = parts_.blocks.read_undo(*at_);
    if (!undo) return failed(undo.error());
    CoinsOverlay overlay = coins_->overlay();
    if (auto loaded = load_coins_to_disconnect(**block, at_->height, overlay); !loaded)
        return failed(loaded.error());
    if (!disconnect_block(parts_.params, **block, at_->height, *undo, overlay))
        return corrupt("the undo data of block " + at_->hash.to_string() +
                       " does not match the coins");
    coins_->apply(std::move(overlay));
    at_ = at_->parent;
    return {};
}

Expected<void, BackgroundChain::Failure> BackgroundChain::connect(const HeaderNode& node,
                                                                  const BlockRef& block) {
    // Undo data is there if the block was connected before the last stop.
    const bool check_scripts = !node.has_undo() && assume_valid_.scripts_are_checked(node);
    const ConnectContext context{parts_.params, *node.parent,
                                 node.hash,     parts_.version_bits.script_flags(*node.parent),
                                 check_scripts, parts_.verifier.cache()};
    CoinsOverlay overlay = coins_->overlay();
    if (auto loaded = load_coins_to_connect(context, *block, overlay); !loaded)
        return failed(loaded.error());
    const auto undo = connect_block(context, *block, overlay, parts_.verifier);
    if (!undo)
        return Unexpected(Failure{
            Refuted{fmt::format("block {} at height {} is invalid: {}", node.hash.to_string(),
                                node.height.value(), undo.error().to_string())}});
    if (!node.has_undo()) parts_.blocks.append_undo(node, *undo);
    coins_->apply(std::move(overlay));
    at_ = &node;
    parts_.index.extend_validated(node);
    if (node.height.value() % kProgressBlocks == 0)
        parts_.log.info(LogCategory::general, "[background validation] height={} of {}",
                        node.height.value(), parts_.index.snapshot_base()->height.value());
    return {};
}

}  // namespace parley
