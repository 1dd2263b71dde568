#include "chain/store/block_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley {
namespace {

constexpr uint64_t kPrefixSize = 8;  // magic and length

Bytes framed(const std::array<uint8_t, 4>& magic, ByteSpan data, size_t tail_size) {
    Writer writer(kPrefixSize + data.size() + tail_size);
    writer.bytes(magic).le(static_cast<uint32_t>(data.size())).bytes(data);
    return writer.take();
}

// Not offset + size, which may overflow for a damaged record.
bool fits(uint64_t offset, uint64_t size, uint64_t whole) {
    return offset <= whole && size <= whole - offset;
}

Hash256 undo_checksum(const BlockHash& parent, ByteSpan undo) {
    Bytes message = to_bytes(parent.span());
    append(message, undo);
    return sha256d(message);
}

}  // namespace

void BlockStore::load_file(uint32_t number, const BlockFileInfo& info) {
    if (files_.size() <= number) files_.resize(size_t{number} + 1);
    files_[number] = info;
}

bool BlockStore::holds_block(const FilePosition& position, Height height) const {
    if (position.file >= files_.size()) return false;
    const BlockFileInfo& info = files_[position.file];
    return info.blocks != 0 && height >= info.height_first && height <= info.height_last &&
           fits(position.offset, position.size, info.block_bytes);
}

bool BlockStore::holds_undo(const FilePosition& position) const {
    return position.file < files_.size() &&
           fits(position.offset, position.size + Hash256::kSize, files_[position.file].undo_bytes);
}

Expected<void, StorageError> BlockStore::trim_file(uint32_t number, const BlockFileInfo& used) {
    const auto trim = [&](FileId::Kind kind, uint64_t end,
                          uint64_t& bytes) -> Expected<void, StorageError> {
        if (bytes == end) return {};
        const auto size = storage_.file_size({kind, number});
        if (!size) return Unexpected(size.error());
        bytes = std::max(end, std::min(bytes, *size));
        return {};
    };
    BlockFileInfo& info = files_[number];
    info.blocks = std::min(info.blocks, used.blocks);
    if (auto trimmed = trim(FileId::Kind::block, used.block_bytes, info.block_bytes); !trimmed)
        return trimmed;
    return trim(FileId::Kind::undo, used.undo_bytes, info.undo_bytes);
}

void BlockStore::begin_behind(uint32_t number) {
    files_.assign(size_t{number} + 1, {});
    for (uint32_t i = 0; i <= number; ++i) changed_.insert(i);
}

void BlockStore::note_block(BlockFileInfo& info, Height height, uint32_t time) {
    const bool first = info.blocks == 0;
    info.height_first = first ? height : std::min(info.height_first, height);
    info.height_last = first ? height : std::max(info.height_last, height);
    info.time_first = first ? time : std::min(info.time_first, time);
    info.time_last = first ? time : std::max(info.time_last, time);
    ++info.blocks;
}

void BlockStore::adopt_block(const FilePosition& position, Height height, uint32_t time) {
    CHECK(position.file < files_.size());
    BlockFileInfo& info = files_[position.file];
    note_block(info, height, time);
    info.block_bytes = std::max(info.block_bytes, position.offset + position.size);
    changed_.insert(position.file);
}

bool BlockStore::is_prunable(uint32_t number, Height height_last) const {
    const BlockFileInfo& info = files_[number];
    return info.blocks != 0 && info.height_last <= height_last && number + 1 < files_.size();
}

void BlockStore::remove(WriteBatch& batch, uint32_t number) {
    batch.remove_file({FileId::Kind::block, number});
    batch.remove_file({FileId::Kind::undo, number});
    files_[number] = {};
    changed_.insert(number);
}

Expected<void, StorageError> BlockStore::remove_leftovers(WriteBatch& batch) const {
    for (uint32_t number = 0; number + 1 < files_.size(); ++number) {
        if (files_[number].blocks != 0) continue;
        for (const auto kind : {FileId::Kind::block, FileId::Kind::undo}) {
            const auto size = storage_.file_size({kind, number});
            if (!size) return Unexpected(size.error());
            if (*size != 0) batch.remove_file({kind, number});
        }
    }
    return {};
}

FilePosition BlockStore::append_block(WriteBatch& batch, ByteSpan block, Height height,
                                      uint32_t time) {
    CHECK(!block.empty());
    if (files_.empty()) files_.emplace_back();
    const uint64_t needed = kPrefixSize + block.size();
    if (files_.back().block_bytes != 0 && files_.back().block_bytes + needed > file_size_max_)
        files_.emplace_back();
    const auto number = static_cast<uint32_t>(files_.size() - 1);
    BlockFileInfo& info = files_.back();
    const FilePosition position{number, info.block_bytes + kPrefixSize,
                                static_cast<uint32_t>(block.size())};
    batch.write_file(FileId{FileId::Kind::block, number}, info.block_bytes,
                     framed(magic_, block, 0));
    note_block(info, height, time);
    info.block_bytes += needed;
    changed_.insert(number);
    return position;
}

FilePosition BlockStore::append_undo(WriteBatch& batch, uint32_t file, ByteSpan undo,
                                     const BlockHash& parent) {
    CHECK(file < files_.size() && !undo.empty());
    BlockFileInfo& info = files_[file];
    Bytes record = framed(magic_, undo, Hash256::kSize);
    append(record, undo_checksum(parent, undo).span());
    const FilePosition position{file, info.undo_bytes + kPrefixSize,
                                static_cast<uint32_t>(undo.size())};
    const uint64_t needed = record.size();
    batch.write_file(FileId{FileId::Kind::undo, file}, info.undo_bytes, std::move(record));
    info.undo_bytes += needed;
    changed_.insert(file);
    return position;
}

Expected<Bytes, StorageError> BlockStore::read_block(const FilePosition& position) const {
    CHECK(position.size != 0);
    return storage_.read_file(FileId{FileId::Kind::block, position.file}, position.offset,
                              position.size);
}

Expected<Bytes, StorageError> BlockStore::read_undo(const FilePosition& position,
                                                    const BlockHash& parent) const {
    CHECK(position.size != 0);
    auto record = storage_.read_file(FileId{FileId::Kind::undo, position.file}, position.offset,
                                     position.size + Hash256::kSize);
    if (!record) return record;
    const ByteSpan whole{*record};
    const ByteSpan undo = whole.first(position.size);
    if (undo_checksum(parent, undo) != Hash256::from_bytes(whole.subspan(position.size))) {
        return Unexpected(
            StorageError{StorageError::Code::corruption,
                         fmt::format("rev{:05}.dat: wrong checksum of the undo data at offset {}",
                                     position.file, position.offset)});
    }
    record->resize(position.size);
    return record;
}

std::map<uint32_t, BlockFileInfo> BlockStore::take_changed() {
    std::map<uint32_t, BlockFileInfo> result;
    for (const uint32_t number : changed_) result[number] = files_[number];
    changed_.clear();
    return result;
}

uint64_t BlockStore::size_on_disk() const {
    uint64_t total = 0;
    for (const auto& info : files_) total += info.block_bytes + info.undo_bytes;
    return total;
}

}  // namespace parley
