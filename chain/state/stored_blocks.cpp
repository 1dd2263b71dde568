#include "chain/state/stored_blocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/rules/block_rules.h"
#include "chain/store/coin_codec.h"
#include "chain/store/index_store.h"
#include "chain/store/store_check.h"

namespace parley {
namespace {

// Limit for blocks kept in memory until they are connected. Usually only one waits; blocks beyond
// the limit are read from disk again.
constexpr size_t kRecentBytesMax = size_t{16} << 20;
// Limit of undo data that waits for the end of an activation; beyond it, the data is written early.
constexpr size_t kStoredBatchBytesMax = size_t{8} << 20;

StorageError corrupt(const HeaderNode& node, const char* what) {
    return {StorageError::Code::corruption,
            std::string{what} + " of block " + node.hash.to_string() + " is damaged"};
}

}  // namespace

Expected<Bytes, StorageError> StoredBlocks::read_bytes(const HeaderNode& node) const {
    if (node.parent == nullptr) return params_.genesis->serialize();
    CHECK(node.has_body());
    return files_.read_block(node.block_position);
}

Expected<BlockRef, StorageError> StoredBlocks::read(const HeaderNode& node) const {
    if (node.parent == nullptr) return params_.genesis;
    const auto bytes = read_bytes(node);
    if (!bytes) return Unexpected(bytes.error());
    Reader reader(*bytes);
    auto block = std::make_shared<Block>(read_block(reader));
    // The Merkle root covers everything except the witnesses; the acceptance rules also cover
    // these. Options of tests can move the height at which the commitment counts, after the block
    // was stored.
    if (!reader.done() || block->header != node.header ||
        block_merkle_root(*block) != node.header.merkle_root ||
        !(accept_block_rules(params_, *block, *node.parent) || witnesses_are_committed(*block))) {
        return Unexpected(corrupt(node, "the stored data"));
    }
    return BlockRef{std::move(block)};
}

Expected<BlockUndo, StorageError> StoredBlocks::read_undo(const HeaderNode& node) const {
    if (node.parent == nullptr) return BlockUndo{};
    CHECK(node.has_undo());
    const auto bytes = files_.read_undo(node.undo_position, node.parent->hash);
    if (!bytes) return Unexpected(bytes.error());
    auto undo = parse_undo(*bytes);
    if (!undo) return Unexpected(corrupt(node, "the undo data"));
    return std::move(*undo);
}

Expected<BlockRef, StorageError> StoredBlocks::take(const HeaderNode& node) {
    const auto found = std::find_if(recent_.begin(), recent_.end(),
                                    [&](const auto& entry) { return entry.first == &node; });
    if (found == recent_.end()) return read(node);
    BlockRef block = std::move(found->second);
    recent_bytes_ -= node.block_position.size;
    recent_.erase(found);
    return block;
}

void StoredBlocks::append(const HeaderNode& node, const BlockRef& block) {
    WriteBatch batch;
    const FilePosition position =
        files_.append_block(batch, block->serialize(), node.height, node.header.time);
    store(node, block, position, std::move(batch));
}

void StoredBlocks::adopt(const HeaderNode& node, const BlockRef& block,
                         const FilePosition& position) {
    files_.adopt_block(position, node.height, node.header.time);
    store(node, block, position, {});
}

void StoredBlocks::store(const HeaderNode& node, const BlockRef& block,
                         const FilePosition& position, WriteBatch batch) {
    index_.add_body(node, position, block->transactions.size());
    recent_.emplace_back(&node, block);
    recent_bytes_ += position.size;
    while (recent_bytes_ > kRecentBytesMax) {
        recent_bytes_ -= recent_.front().first->block_position.size;
        recent_.pop_front();
    }
    commit_with(std::move(batch));
}

void StoredBlocks::append_undo(const HeaderNode& node, const BlockUndo& undo) {
    const Bytes data = serialize_undo(undo);
    index_.add_undo(node,
                    files_.append_undo(batch_, node.block_position.file, data, node.parent->hash));
    batch_bytes_ += data.size();
    if (batch_bytes_ > kStoredBatchBytesMax) commit();
}

void StoredBlocks::remove(std::span<const uint32_t> files) {
    index_.remove_bodies(files);
    for (const uint32_t number : files) files_.remove(batch_, number);
    batch_.put(Bytes{kPrunedKey}, Bytes{1});
    recent_.clear();
    recent_bytes_ = 0;
}

Expected<void, std::string> StoredBlocks::check_files() {
    bool good = true;
    std::vector<BlockFileInfo> used(files_.count());
    index_.for_each([&](const HeaderNode& node) {
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
    if (!good)
        return Unexpected(damaged_store("blocks/index", "a block's position is outside its file"));
    for (uint32_t number = 0; number < files_.count(); ++number) {
        const auto trimmed = files_.trim_file(number, used[number]);
        if (!trimmed) return Unexpected(damaged_store("blocks", trimmed.error().message));
        if (used[number].blocks == 0) continue;
        const auto size = storage_.file_size({FileId::Kind::block, number});
        if (!size) return Unexpected(damaged_store("blocks", size.error().message));
        if (*size == 0)
            return Unexpected(
                damaged_store("blocks", fmt::format("blk{:05}.dat is missing", number)));
    }
    return {};
}

void StoredBlocks::put_records(WriteBatch& batch) {
    index_.write_changes(batch);
    for (const auto& [number, info] : files_.take_changed()) put_file_info(batch, number, info);
}

void StoredBlocks::commit() {
    put_records(batch_);
    if (!batch_.empty()) storage_.commit(std::move(batch_), Durability::written);
    batch_ = WriteBatch{};
    batch_bytes_ = 0;
}

void StoredBlocks::commit_with(WriteBatch batch) {
    put_records(batch);
    storage_.commit(std::move(batch), Durability::written);
}

void StoredBlocks::commit_records() {
    WriteBatch batch;
    put_records(batch);
    if (!batch.empty()) storage_.commit(std::move(batch), Durability::written);
}

void StoredBlocks::sync() {
    put_hash(batch_, kActiveTipKey, index_.tip().hash);
    put_synced_mark(batch_, {index_.sequence_last(), index_.tip().hash});
    put_records(batch_);
    storage_.commit(std::move(batch_), Durability::synced);
    batch_ = WriteBatch{};
    batch_bytes_ = 0;
}

}  // namespace parley
