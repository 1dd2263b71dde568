// The start: from the records of the index to the header tree and the active chain. What the
// records say of one another must hold, or the rest of the chain would rest on it: the stores have
// no checksum over all of them.
#include <algorithm>

#include "chain/state/chainstate_impl.h"

namespace parley {
namespace {

Unexpected<std::string> damaged_index(std::string_view problem) {
    return Unexpected(damaged_store("blocks/index", problem));
}

// Does the status say what is there? A block that is invalid keeps what it had.
bool status_fits(const HeaderNode& record, bool was_pruned) {
    switch (record.status) {
        case BlockStatus::header_only:
            return !record.has_body();
        case BlockStatus::stored:
            return record.has_body() && !record.has_undo();
        case BlockStatus::connected:
            return record.has_undo() || was_pruned;
        default:
            return true;
    }
}

// What contradicts itself, or the record of the parent; null: nothing.
const char* contradiction(const HeaderNode& record, const HeaderNode& parent, bool pruned) {
    const bool was_pruned = pruned && record.transactions != 0 && !record.has_body();
    if (!status_fits(record, was_pruned)) return "a block's status is not what is stored of it";
    if ((record.transactions != 0) != record.has_body() && !was_pruned)
        return "a block has no number of transactions, or a missing one has";
    if (record.has_undo() && !record.has_body()) return "there is undo data without its block";
    if (record.score && (!parent.score || *record.score <= *parent.score))
        return "a score is not above the one of the parent";
    if (parent.is_invalid() && !record.is_invalid()) return "a block builds on an invalid one";
    return nullptr;
}

}  // namespace

Expected<void, std::string> ChainstateImpl::load_headers(std::vector<HeaderNode>& records) {
    if (records.empty() || records[0].hash != genesis().hash)
        return damaged_index("the record of the genesis block is missing");
    tree_.edit(genesis()).block_position = records[0].block_position;
    // Where bodies came in another order than their hashes, the order of arrival counts.
    std::stable_sort(records.begin() + 1, records.end(), [](const auto& a, const auto& b) {
        if (a.height != b.height) return a.height < b.height;
        if ((a.sequence == 0) != (b.sequence == 0)) return b.sequence == 0;
        return a.sequence < b.sequence;
    });
    for (size_t i = 1; i < records.size(); ++i) {
        HeaderNode& record = records[i];
        const HeaderNode* parent = tree_.find(record.header.previous);
        if (parent == nullptr || record.height != parent->height + 1)
            return damaged_index("a header's parent is missing");
        if (tree_.find(record.hash) != nullptr) return damaged_index("a header is there twice");
        if (const char* problem = contradiction(record, *parent, pruned_))
            return damaged_index(problem);
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

void ChainstateImpl::sum_transactions() {
    tree_.for_each([](HeaderNode& node) {
        if (node.parent == nullptr) return;
        const bool whole = node.transactions != 0 && node.parent->chain_transactions != 0;
        node.chain_transactions =
            whole ? node.parent->chain_transactions + node.transactions : uint64_t{0};
    });
}

void ChainstateImpl::drop_lost_blocks(IndexContents& contents) {
    const SyncedMark synced = contents.synced.value_or(SyncedMark{0, genesis().hash});
    const HeaderNode* recorded = tree_.find(contents.active_tip);
    const HeaderNode* safe = tree_.find(synced.tip);
    // Nothing came after the last sync, or the index is damaged, which is found out below.
    if (recorded == nullptr || safe == nullptr) return;
    if (recorded == safe && sequence_last_ <= synced.sequence) return;
    size_t lost = 0;
    tree_.for_each([&](HeaderNode& node) { lost += drop_if_lost(node, synced, *safe); });
    const HeaderNode* tip = recorded;
    for (const HeaderNode* node = recorded; node->parent != nullptr; node = node->parent) {
        if (node->status != BlockStatus::connected) tip = node->parent;
    }
    if (lost == 0) return;
    log_.warning(LogCategory::general,
                 "The disk has lost the data of {} blocks that came just before the last stop; "
                 "they are fetched again. The tip goes from height {} to {}",
                 lost, recorded->height.value(), tip->height.value());
    contents.active_tip = tip->hash;
    put_hash(pending_, kActiveTipKey, tip->hash);
    commit_pending();
}

bool ChainstateImpl::drop_if_lost(HeaderNode& node, const SyncedMark& synced,
                                  const HeaderNode& safe) {
    if (node.parent == nullptr) return false;
    if (node.sequence > synced.sequence && node.has_body() && !read_block(node)) {
        node.block_position = {};
        node.undo_position = {};
        node.sequence = 0;
        node.transactions = 0;
        if (!node.is_invalid()) node.status = BlockStatus::header_only;
        touch(node);
        return true;
    }
    const bool undo_safe = node.height <= safe.height && safe.ancestor(node.height) == &node;
    if (undo_safe || !node.has_undo() || read_undo(node)) return false;
    node.undo_position = {};
    if (!node.is_invalid()) node.status = BlockStatus::stored;
    touch(node);
    return true;
}

Expected<void, std::string> ChainstateImpl::load_active_chain(const IndexContents& contents) {
    const HeaderNode* tip = tree_.find(contents.active_tip);
    if (tip == nullptr) return damaged_index("the tip's header is missing");
    active_.resize(static_cast<size_t>(tip->height.value()) + 1);
    for (const HeaderNode* node = tip; node->parent != nullptr; node = node->parent) {
        const bool there = (node->has_body() && node->has_undo()) || (pruned_ && node->is_pruned());
        if (!there || !node->score) return damaged_index("a block of the active chain is missing");
        active_[static_cast<size_t>(node->height.value())] = node;
    }
    if (tip->parent != nullptr && !tip->has_body()) return damaged_index("the tip is missing");
    if (contents.finalized) {
        finalized_ = tree_.find(*contents.finalized);
        if (finalized_ == nullptr || !agrees_with_finalized(*tip))
            return damaged_index("the finalized block is not in the chain");
        // Nor is any of its ancestors then.
        if (finalized_->is_invalid()) return damaged_index("the finalized block is invalid");
    }
    return {};
}

// Positions lie within what is known of the files, or new blocks would be written over old ones.
Expected<void, std::string> ChainstateImpl::check_files() {
    bool good = true;
    std::vector<BlockFileInfo> used(files_.count());
    tree_.for_each([&](HeaderNode& node) {
        if (!good) return;
        const FilePosition& block = node.block_position;
        const FilePosition& undo = node.undo_position;
        const bool held = files_.holds_block(block, node.height);
        // The genesis block is never read; its file may be pruned.
        good = held || !node.has_body() || node.parent == nullptr;
        if (node.has_body() && held) {
            BlockFileInfo& info = used[block.file];
            ++info.blocks;
            info.block_bytes = std::max(info.block_bytes, block.offset + block.size);
        }
        if (good && node.has_undo() && (good = files_.holds_undo(undo))) {
            uint64_t& bytes = used[undo.file].undo_bytes;
            bytes = std::max(bytes, BlockStore::undo_end(undo));
        }
    });
    if (!good) return damaged_index("a block lies outside of its file");
    for (uint32_t number = 0; number < files_.count(); ++number) {
        const auto trimmed = files_.trim_file(number, used[number]);
        if (!trimmed) return Unexpected(damaged_store("blocks", trimmed.error().message));
    }
    return {};
}

}  // namespace parley
