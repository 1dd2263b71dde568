// Start-up: builds the header tree and the best chain from the index records. The records'
// consistency is checked, because the stores have no checksum over all of them.
#include <algorithm>

#include "base/check.h"
#include "chain/state/index/block_index.h"

namespace parley {
namespace {

Unexpected<std::string> contradicted(std::string_view problem) {
    return Unexpected(std::string{problem});
}

// Whether the status matches the stored data. An invalid block keeps what it had.
bool status_fits(const HeaderNode& record, bool pruned) {
    switch (record.status) {
        case BlockStatus::header_only:
            return !record.has_body();
        case BlockStatus::stored:
            return record.has_body() && !record.has_undo();
        case BlockStatus::connected:
            return record.has_undo() || (pruned && record.transactions != 0);
        default:
            return true;
    }
}

// Describes a contradiction in the record or with the parent's record; null: none.
const char* contradiction(const HeaderNode& record, const HeaderNode& parent, bool pruned) {
    const bool was_pruned = pruned && record.transactions != 0 && !record.has_body();
    if (!status_fits(record, pruned)) return "a block's status does not match its stored data";
    if ((record.transactions != 0) != record.has_body() && !was_pruned)
        return "a stored block has no transaction count, or a missing block has one";
    if (record.has_undo() && !record.has_body()) return "undo data exists without its block";
    if (record.score && (!parent.score || *record.score <= *parent.score))
        return "a score is not above the parent's";
    if (parent.is_invalid() && !record.is_invalid())
        return "a block is valid but its parent is not";
    return nullptr;
}

}  // namespace

Expected<void, std::string> BlockIndex::load(IndexContents& contents) {
    pruned_ = contents.pruned;
    return load_headers(contents.headers);
}

Expected<void, std::string> BlockIndex::load_headers(std::vector<HeaderNode>& records) {
    if (records.empty() || records[0].hash != genesis().hash)
        return contradicted("the record of the genesis block is missing");
    tree_.edit(genesis()).block_position = records[0].block_position;
    // At equal heights, the order in which the bodies arrived counts, not the order of the records.
    std::stable_sort(records.begin() + 1, records.end(), [](const auto& a, const auto& b) {
        if (a.height != b.height) return a.height < b.height;
        if ((a.sequence == 0) != (b.sequence == 0)) return b.sequence == 0;
        return a.sequence < b.sequence;
    });
    for (size_t i = 1; i < records.size(); ++i) {
        HeaderNode& record = records[i];
        const HeaderNode* parent = tree_.find(record.header.previous);
        if (parent == nullptr || record.height != parent->height + 1)
            return contradicted("a header's parent is missing");
        if (tree_.find(record.hash) != nullptr) return contradicted("a header occurs twice");
        if (const char* problem = contradiction(record, *parent, pruned_))
            return contradicted(problem);
        HeaderNode& node = tree_.add(record.header, record.hash, *parent);
        node.score = record.score;
        node.seal = std::move(record.seal);
        node.status = record.status;
        node.invalidated = record.invalidated;
        node.sequence = record.sequence;
        node.transactions = record.transactions;
        node.block_position = record.block_position;
        node.undo_position = record.undo_position;
        sequence_last_ = std::max(sequence_last_, node.sequence);
    }
    return {};
}

size_t BlockIndex::drop_lost(IndexContents& contents, const IsReadable& body,
                             const IsReadable& undo) {
    const SyncedMark synced = contents.synced.value_or(SyncedMark{0, genesis().hash});
    const HeaderNode* recorded = tree_.find(contents.active_tip);
    const HeaderNode* safe = tree_.find(synced.tip);
    // Either nothing was stored after the last sync, or the index is damaged, which
    // load_active_chain() detects.
    if (recorded == nullptr || safe == nullptr) return 0;
    if (recorded == safe && sequence_last_ <= synced.sequence) return 0;
    size_t lost = 0;
    tree_.for_each(
        [&](HeaderNode& node) { lost += drop_if_lost(node, synced, *safe, body, undo); });
    const HeaderNode* tip = recorded;
    // The chain up to the base of a snapshot is there without its blocks.
    for (const HeaderNode* node = recorded; node->parent != nullptr && node != snapshot_base_;
         node = node->parent) {
        if (node->status != BlockStatus::connected) tip = node->parent;
    }
    if (lost != 0) contents.active_tip = tip->hash;
    return lost;
}

bool BlockIndex::drop_if_lost(HeaderNode& node, const SyncedMark& synced, const HeaderNode& safe,
                              const IsReadable& body, const IsReadable& undo) {
    if (node.parent == nullptr) return false;
    if (node.sequence > synced.sequence && node.has_body() && !body(node)) {
        const bool restored = node.status == BlockStatus::connected && !node.has_undo();
        node.block_position = {};
        node.undo_position = {};
        node.sequence = 0;
        if (pruned_ && restored) {  // as pruned as it was before
            touch(node);
            return false;
        }
        node.transactions = 0;
        if (!node.is_invalid()) node.status = BlockStatus::header_only;
        touch(node);
        return true;
    }
    const bool undo_safe = node.height <= safe.height && safe.ancestor(node.height) == &node &&
                           !awaits_validation(node);
    if (undo_safe || !node.has_undo() || undo(node)) return false;
    node.undo_position = {};
    if (!node.is_invalid()) node.status = BlockStatus::stored;
    touch(node);
    return true;
}

Expected<void, std::string> BlockIndex::load_active_chain(const IndexContents& contents) {
    sum_transactions();
    const HeaderNode* tip = tree_.find(contents.active_tip);
    if (tip == nullptr) return contradicted("the tip's header is missing");
    active_.resize(static_cast<size_t>(tip->height.value()) + 1);
    for (const HeaderNode* node = tip; node->parent != nullptr; node = node->parent) {
        const bool whole = node->has_body() && node->has_undo();
        const bool there = whole || awaits_validation(*node) ||
                           (pruned_ && !node->has_undo() && node->transactions != 0 &&
                            node->status == BlockStatus::connected);
        if (!there || !node->score) return contradicted("a block of the active chain is missing");
        active_[static_cast<size_t>(node->height.value())] = node;
    }
    if (tip->parent != nullptr && !tip->has_body() && tip != snapshot_base_)
        return contradicted("the tip is missing");
    // Nothing is known about the earlier order but that the best chain won.
    completed_last_ = sequence_last_;
    tree_.for_each([](HeaderNode& node) { node.completed = node.sequence; });
    for (const HeaderNode* node : active_) tree_.edit(*node).completed = 0;
    if (contents.finalized) {
        finalized_ = tree_.find(*contents.finalized);
        if (finalized_ == nullptr || !agrees_with_finalized(*tip))
            return contradicted("the finalized block is not in the chain");
        // A valid block has no invalid ancestor, so they are valid too.
        if (finalized_->is_invalid()) return contradicted("the finalized block is invalid");
    }
    return {};
}

void BlockIndex::restart_active_chain() {
    CHECK(finalized_ == &genesis());
    active_.resize(1);
}

void BlockIndex::rank_candidates() {
    find_best_header();
    rebuild_candidates();
}

}  // namespace parley
