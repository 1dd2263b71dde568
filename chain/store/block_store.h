// BlockStore: block bodies and undo data in append-only files, in bitcoind's layout: blkNNNNN.dat
// holds magic, length, block; revNNNNN.dat holds magic, length, undo data, and SHA-256d of the
// parent's hash and the data. It appends to the caller's batches and tracks the size of each file;
// the caller keeps the positions. Owned by Chainstate; core thread only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/storage/storage.h"
#include "chain/rules/header_node.h"

namespace parley {

/// bitcoind's limit. A file is full when the next block does not fit.
inline constexpr uint64_t kBlockFileSizeMax = uint64_t{128} << 20;

/// The index store's record of a pair of files.
struct BlockFileInfo {
    uint32_t blocks = 0;
    uint64_t block_bytes = 0;
    uint64_t undo_bytes = 0;
    Height height_first{0};
    Height height_last{0};
    uint32_t time_first = 0;
    uint32_t time_last = 0;

    bool operator==(const BlockFileInfo&) const = default;
};

class BlockStore {
 public:
    BlockStore(Storage& storage, const std::array<uint8_t, 4>& magic,
               uint64_t file_size_max = kBlockFileSizeMax)
        : storage_(storage), magic_(magic), file_size_max_(file_size_max) {}

    /// At start-up, in ascending order of numbers.
    void load_file(uint32_t number, const BlockFileInfo& info);

    /// Whether position and height are within the ranges of the file's record.
    bool holds_block(const FilePosition& position, Height height) const;
    bool holds_undo(const FilePosition& position) const;
    /// Shrinks a file's record to what is used and present: data recorded behind the last used byte
    /// or behind the file's end was lost in a power cut, and may be overwritten. REQUIRES: `used`
    /// has the number of blocks held, and the ends of the last block and the last undo record.
    Expected<void, StorageError> trim_file(uint32_t number, const BlockFileInfo& used);

    /// New blocks go to the file with this number. Files before it exist, but their contents are
    /// not known yet.
    void begin_behind(uint32_t number);
    /// Records a block that is already in its file.
    void adopt_block(const FilePosition& position, Height height, uint32_t time);

    FilePosition append_block(WriteBatch& batch, ByteSpan block, Height height, uint32_t time);
    /// `file` is the number of the file that holds the block.
    FilePosition append_undo(WriteBatch& batch, uint32_t file, ByteSpan undo,
                             const BlockHash& parent);

    Expected<Bytes, StorageError> read_block(const FilePosition& position) const;
    /// Fails with Code::corruption if the checksum is wrong.
    Expected<Bytes, StorageError> read_undo(const FilePosition& position,
                                            const BlockHash& parent) const;

    /// Files whose records changed since the last call; the caller writes them.
    std::map<uint32_t, BlockFileInfo> take_changed();

    uint64_t size_on_disk() const;

    /// The offset behind the checksum. REQUIRES: holds_undo(position).
    static uint64_t undo_end(const FilePosition& position) {
        return position.offset + position.size + Hash256::kSize;
    }

    uint32_t count() const { return static_cast<uint32_t>(files_.size()); }
    uint64_t size_of(uint32_t number) const {
        return files_[number].block_bytes + files_[number].undo_bytes;
    }
    /// Whether the file holds blocks, all at or below this height, and will not be appended to.
    bool is_prunable(uint32_t number, Height height_last) const;
    /// Removes the block and undo file. The caller updates the blocks' records.
    void remove(WriteBatch& batch, uint32_t number);
    /// Removes pruned files that a crash left behind.
    Expected<void, StorageError> remove_leftovers(WriteBatch& batch) const;

 private:
    void note_block(BlockFileInfo& info, Height height, uint32_t time);

    Storage& storage_;
    const std::array<uint8_t, 4> magic_;
    const uint64_t file_size_max_;
    std::vector<BlockFileInfo> files_;
    std::set<uint32_t> changed_;
};

}  // namespace parley
