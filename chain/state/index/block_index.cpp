#include "chain/state/index/block_index.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "base/check.h"

namespace parley {
namespace {

// Dense hashes at the start of a locator, before the gaps double.
constexpr size_t kLocatorDense = 10;

}  // namespace

bool has_bodies_above(const HeaderNode& node, const HeaderNode& below) {
    for (const HeaderNode* each = &node; each != &below; each = each->parent) {
        if (!each->has_body()) return false;
    }
    return true;
}

bool has_undo_above(const HeaderNode& node, const HeaderNode& below) {
    for (const HeaderNode* each = &node; each != &below; each = each->parent) {
        if (!each->has_undo()) return false;
    }
    return true;
}

bool BlockIndex::BetterFirst::operator()(const HeaderNode* a, const HeaderNode* b) const {
    CHECK(a->score && b->score);
    if (*a->score != *b->score) return *a->score > *b->score;
    if (a->precedence != b->precedence) return a->precedence < b->precedence;
    if (a->completed != b->completed) return a->completed < b->completed;
    if (a->sequence != b->sequence) return a->sequence < b->sequence;
    // Never happens, except with a damaged index.
    return a->hash < b->hash;
}

BlockIndex::BlockIndex(const ChainParams& params, const HeaderRules& rules)
    : rules_(rules), tree_(params.genesis->header) {
    HeaderNode& genesis = tree_.edit(tree_.genesis());
    genesis.score = rules.genesis_score(genesis.header);
    genesis.status = BlockStatus::connected;
    genesis.transactions = static_cast<uint32_t>(params.genesis->transactions.size());
    genesis.chain_transactions = genesis.transactions;
    active_.push_back(&genesis);
    best_header_ = &genesis;
    finalized_ = &genesis;
}

const HeaderNode* BlockIndex::at_height(Height height) const {
    const auto index = static_cast<size_t>(height.value());
    return height < Height{0} || index >= active_.size() ? nullptr : active_[index];
}

std::vector<const HeaderNode*> BlockIndex::tips() const {
    std::vector<const HeaderNode*> result;
    for (Height height{0}; height <= tree_.height_max(); ++height) {
        for (const HeaderNode* node : tree_.at_height(height)) {
            if (node->first_child == nullptr || node == &tip()) result.push_back(node);
        }
    }
    return result;
}

std::vector<BlockHash> BlockIndex::locator(const HeaderNode& node) {
    std::vector<BlockHash> hashes;
    int32_t step = 1;
    const HeaderNode* current = &node;
    while (true) {
        hashes.push_back(current->hash);
        if (current->parent == nullptr) return hashes;
        if (hashes.size() > kLocatorDense) step *= 2;
        current = current->ancestor(Height{std::max(current->height.value() - step, 0)});
    }
}

const HeaderNode& BlockIndex::find_fork(const std::vector<BlockHash>& locator) const {
    for (const auto& hash : locator) {
        const HeaderNode* node = tree_.find(hash);
        if (node != nullptr && contains(*node)) return *node;
    }
    return genesis();
}

const HeaderNode* BlockIndex::last_pruned() const {
    if (!pruned_) return nullptr;
    const auto lost = std::find_if(active_.rbegin(), active_.rend(), [](const HeaderNode* node) {
        return node->parent != nullptr && (!node->has_body() || !node->has_undo());
    });
    return lost != active_.rend() ? *lost : nullptr;
}

const HeaderNode& BlockIndex::add(const BlockHeader& header, const BlockHash& hash,
                                  const HeaderNode& parent, ByteSpan seal,
                                  const std::optional<Score>& score) {
    HeaderNode& node = tree_.add(header, hash, parent);
    node.seal = to_bytes(seal);
    set_score(node, score);
    touch(node);
    update_best_header(node);
    return node;
}

void BlockIndex::attach_seal(const HeaderNode& sealed, ByteSpan seal,
                             const std::optional<Score>& score) {
    HeaderNode& node = tree_.edit(sealed);
    CHECK(!node.score);
    node.seal = to_bytes(seal);
    set_score(node, score);
    touch(node);
    if (node.score) spread_score(node);
}

// Sets the node's score if the parent has a lower one. A score that is not higher than the parent's
// means that the index is damaged.
void BlockIndex::set_score(HeaderNode& node, const std::optional<Score>& score) {
    const std::optional<Score>& below = node.parent->score;
    if (!score || !below) return;
    if (*score > *below) {
        node.score = score;
    } else if (damaged_score_ == nullptr) {
        damaged_score_ = node.parent;
    }
}

void BlockIndex::spread_score(const HeaderNode& node) {
    update_best_header(node);
    add_candidate(node);
    tree_.for_each_descendant(node, [this](HeaderNode& child) {
        if (child.score || !child.parent->score) return false;
        auto score = rules_.verify_header(child.header, child.hash, child.seal, *child.parent);
        if (!score || !*score) return false;
        set_score(child, *score);
        if (!child.score) return false;
        touch(child);
        update_best_header(child);
        add_candidate(child);
        return true;
    });
}

void BlockIndex::update_best_header(const HeaderNode& node) {
    if (!node.score || node.is_invalid()) return;
    if (*node.score > *best_header_->score) best_header_ = &node;
}

void BlockIndex::find_best_header() {
    best_header_ = &tree_.genesis();
    for_each([this](const HeaderNode& node) { update_best_header(node); });
}

void BlockIndex::place_genesis(const FilePosition& position) {
    HeaderNode& genesis = tree_.edit(tree_.genesis());
    genesis.block_position = position;
    touch(genesis);
}

void BlockIndex::add_body(const HeaderNode& stored, const FilePosition& position,
                          size_t transactions) {
    HeaderNode& node = tree_.edit(stored);
    CHECK(!node.has_body() && node.parent != nullptr);
    const bool pruned = node.is_pruned();
    if (pruned && node.score) candidates_.erase(&node);  // its order changes
    node.block_position = position;
    node.sequence = ++sequence_last_;
    touch(node);
    if (pruned) {
        // Below a branch that the user gave up and took back.
        if (node.status == BlockStatus::header_only) node.status = BlockStatus::stored;
        // The way to them may be whole again.
        add_candidate(node);
        tree_.for_each_descendant(node, [this](const HeaderNode& above) {
            add_candidate(above);
            return true;
        });
        return;
    }
    node.status = BlockStatus::stored;
    node.transactions = static_cast<uint32_t>(transactions);
    if (node.parent->chain_transactions != 0 && node.chain_transactions == 0) link_body(node);
}

// Parents first; the children of a block in the order in which their bodies arrived.
void BlockIndex::link_body(HeaderNode& first) {
    std::deque<const HeaderNode*> waiting{&first};
    while (!waiting.empty()) {
        HeaderNode& node = tree_.edit(*waiting.front());
        waiting.pop_front();
        node.chain_transactions = node.parent->chain_transactions + node.transactions;
        node.completed = ++completed_last_;
        add_candidate(node);
        const auto begin = static_cast<std::ptrdiff_t>(waiting.size());
        for (const HeaderNode* child = node.first_child; child; child = child->next_sibling) {
            // The base of a snapshot is linked before its ancestors are.
            if (child->transactions != 0 && child->chain_transactions == 0)
                waiting.push_back(child);
        }
        std::sort(
            waiting.begin() + begin, waiting.end(),
            [](const HeaderNode* a, const HeaderNode* b) { return a->sequence < b->sequence; });
    }
}

void BlockIndex::add_undo(const HeaderNode& connected, const FilePosition& position) {
    HeaderNode& node = tree_.edit(connected);
    CHECK(node.has_body());
    node.undo_position = position;
    node.status = BlockStatus::connected;
    touch(node);
}

void BlockIndex::remove_bodies(std::span<const uint32_t> files) {
    pruned_ = true;
    candidates_.clear();  // their order changes, so the set must be rebuilt
    tree_.for_each([&](HeaderNode& node) {
        if (!node.has_body() || node.parent == nullptr) return;
        if (std::find(files.begin(), files.end(), node.block_position.file) == files.end()) return;
        node.block_position = {};
        node.undo_position = {};
        touch(node);
        if (node.status == BlockStatus::connected) return;
        // As if its body had never been received.
        if (!node.is_invalid()) node.status = BlockStatus::header_only;
        node.sequence = 0;
        node.transactions = 0;
    });
    sum_transactions();
    rebuild_candidates();
}

void BlockIndex::sum_transactions() {
    tree_.for_each([this](HeaderNode& node) {
        if (node.parent == nullptr) return;
        const bool whole = node.transactions != 0 && node.parent->chain_transactions != 0;
        node.chain_transactions =
            whole ? node.parent->chain_transactions + node.transactions : uint64_t{0};
        if (&node == snapshot_base_) node.chain_transactions = snapshot_transactions_;
    });
}

bool BlockIndex::is_candidate(const HeaderNode& node) const {
    return node.score && node.chain_transactions != 0 && !node.is_invalid();
}

void BlockIndex::add_candidate(const HeaderNode& node) {
    if (is_candidate(node) && (tip().is_invalid() || !BetterFirst{}(&tip(), &node)))
        candidates_.insert(&node);
}

const HeaderNode& BlockIndex::best_candidate() {
    while (true) {
        CHECK(!candidates_.empty());  // the last valid block of the best chain is one
        const HeaderNode* best = *candidates_.begin();
        if (is_candidate(*best) && agrees_with_finalized(*best) && agrees_with_snapshot(*best) &&
            (!pruned_ || has_bodies_above(*best, *fork_point(best, &tip()))))
            return *best;
        candidates_.erase(candidates_.begin());
    }
}

void BlockIndex::connect_tip(const HeaderNode& node) {
    CHECK(node.parent == &tip());
    active_.push_back(&node);
}

void BlockIndex::disconnect_tip() {
    CHECK(tip().height > finalized_->height);
    active_.pop_back();
}

void BlockIndex::drop_worse_candidates() {
    const auto self = candidates_.insert(&tip()).first;
    candidates_.erase(std::next(self), candidates_.end());
}

void BlockIndex::rebuild_candidates() {
    const HeaderNode* valid = &tip();
    while (valid->is_invalid()) valid = valid->parent;
    candidates_.clear();
    for_each([&](const HeaderNode& node) {
        if (is_candidate(node) && !BetterFirst{}(valid, &node)) candidates_.insert(&node);
    });
}

void BlockIndex::finalize(const HeaderNode& node) {
    CHECK(contains(node));
    CHECK(descends_from_finalized(node));
    finalized_ = &node;
}

void BlockIndex::adopt_snapshot(const HeaderNode& base, const HeaderNode& validated,
                                uint64_t chain_transactions) {
    CHECK(!base.is_invalid() && base.score && better_than_tip(base));
    restore_snapshot(base, validated, chain_transactions);
    active_.resize(static_cast<size_t>(base.height.value()) + 1);
    for (const HeaderNode* node = &base; node != nullptr; node = node->parent)
        active_[static_cast<size_t>(node->height.value())] = node;
    candidates_.clear();  // their order changes
    tree_.edit(base).completed = 0;
    sum_transactions();
    rebuild_candidates();
}

void BlockIndex::restore_snapshot(const HeaderNode& base, const HeaderNode& validated,
                                  uint64_t chain_transactions) {
    CHECK(validated.height <= base.height && base.ancestor(validated.height) == &validated);
    snapshot_base_ = &base;
    validated_ = &validated;
    snapshot_transactions_ = chain_transactions;
}

void BlockIndex::extend_validated(const HeaderNode& node) {
    CHECK(snapshot_base_ != nullptr && node.parent == validated_);
    validated_ = &node;
}

void BlockIndex::doubt_descendants() {
    tree_.for_each_descendant(*snapshot_base_, [this](HeaderNode& node) {
        // By the user, here or below: other marks below are cleared already.
        const bool wished = node.invalidated || node.parent->is_invalid();
        const BlockStatus unknown =
            node.has_body() ? BlockStatus::stored : BlockStatus::header_only;
        if (!node.has_undo() && (wished || node.status == unknown)) return true;
        node.undo_position = {};
        if (!wished) node.status = unknown;
        touch(node);
        return true;
    });
}

void BlockIndex::end_snapshot() {
    snapshot_base_ = nullptr;
    validated_ = nullptr;
    candidates_.clear();
    sum_transactions();
    rebuild_candidates();
}

bool BlockIndex::longer_chain_is_invalid() const {
    constexpr int32_t kBlocks = 6;
    if (best_invalid_ == nullptr || !best_invalid_->is_invalid()) return false;
    const HeaderNode* below = tip().ancestor(Height{std::max(tip().height.value() - kBlocks, 0)});
    return *best_invalid_->score > *tip().score + (*tip().score - *below->score);
}

void BlockIndex::mark_invalid(const HeaderNode& node) {
    const auto mark = [this, wish = node.invalidated](HeaderNode& target, BlockStatus status) {
        if (target.score) candidates_.erase(&target);
        const bool complete = target.score && target.chain_transactions != 0;
        if (!wish && complete &&
            (best_invalid_ == nullptr || *target.score > *best_invalid_->score))
            best_invalid_ = &target;
        target.status = status;
        touch(target);
    };
    mark(tree_.edit(node), BlockStatus::invalid);
    tree_.for_each_descendant(node, [&](HeaderNode& child) {
        if (!child.is_invalid()) mark(child, BlockStatus::invalid_ancestor);
        return true;
    });
    if (best_header_->is_invalid()) find_best_header();
    // Blocks that were worse than the tip are candidates now.
    if (tip().is_invalid()) rebuild_candidates();
}

void BlockIndex::invalidate(const HeaderNode& node) {
    tree_.edit(node).invalidated = true;
    mark_invalid(node);
    rebuild_candidates();
}

void BlockIndex::reconsider(const HeaderNode& found) {
    const auto clear = [this](HeaderNode& node) {
        if (!node.is_invalid()) return;
        node.invalidated = false;
        node.status = node.has_undo()   ? BlockStatus::connected
                      : node.has_body() ? BlockStatus::stored
                                        : BlockStatus::header_only;
        touch(node);
    };
    for (const HeaderNode* node = &found; node != nullptr; node = node->parent)
        clear(tree_.edit(*node));
    tree_.for_each_descendant(found, [&](HeaderNode& node) {
        clear(node);
        return true;
    });
    find_best_header();
    rebuild_candidates();
}

void BlockIndex::prefer(const HeaderNode& node) {
    if (!node.score || *node.score < *tip().score) return;
    // Once the chain has grown, older preferences no longer matter.
    if (*tip().score > preferred_score_) precedence_last_ = 0;
    preferred_score_ = *tip().score;
    if (precedence_last_ > std::numeric_limits<int32_t>::min()) --precedence_last_;
    candidates_.clear();  // their order changes
    tree_.edit(node).precedence = precedence_last_;
    rebuild_candidates();
}

void BlockIndex::write_changes(WriteBatch& batch) {
    // In the order of the changes, so parents come first; a node changed twice is written once.
    std::set<BlockHash> written;
    for (const HeaderNode* node : changed_) {
        if (written.insert(node->hash).second) put_header(batch, *node);
    }
    changed_.clear();
}

}  // namespace parley
