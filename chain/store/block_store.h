// BlockStore: block bodies and undo data in append-only files, in the layout that bitcoind's tools
// read: blkNNNNN.dat holds magic, length, block; revNNNNN.dat holds magic, length, undo data and
// SHA-256d of the parent's hash with the data. It appends to batches of its caller, and keeps how
// full the files are; positions are the caller's to remember. Owned by Chainstate; core thread
// only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/storage/storage.h"
#include "chain/rules/header_node.h"

namespace parley {

/// As bitcoind's; a file is full when the next block does not fit any more.
inline constexpr uint64_t kBlockFileSizeMax = uint64_t{128} << 20;

/// What the index store remembers of one pair of files.
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

    /// At start-up, in the order of the numbers.
    void load_file(uint32_t number, const BlockFileInfo& info);

    /// Does it lie within what the file's record says: the bytes, and the heights?
    bool holds_block(const FilePosition& position, Height height) const;
    bool holds_undo(const FilePosition& position) const;
    /// What a record says of a file beyond the last byte that is used and beyond the file's own end
    /// was lost by a power cut, or never there: it is written over. REQUIRES: `used` has the number
    /// of blocks that are held, and the ends of the last of them and of the last undo record.
    Expected<void, StorageError> trim_file(uint32_t number, const BlockFileInfo& used);

    /// New blocks go to the file of this number; the ones before it are there, and not known yet.
    void begin_behind(uint32_t number);
    /// A block that is in its file already.
    void adopt_block(const FilePosition& position, Height height, uint32_t time);

    FilePosition append_block(WriteBatch& batch, ByteSpan block, Height height, uint32_t time);
    /// `file` is the one that holds the block.
    FilePosition append_undo(WriteBatch& batch, uint32_t file, ByteSpan undo,
                             const BlockHash& parent);

    Expected<Bytes, StorageError> read_block(const FilePosition& position) const;
    /// Code::corruption when the checksum is wrong.
    Expected<Bytes, StorageError> read_undo(const FilePosition& position,
                                            const BlockHash& parent) const;

    /// Files whose numbers changed since the last call; the caller writes their records.
    std::map<uint32_t, BlockFileInfo> take_changed();

    uint64_t size_on_disk() const;

    /// Behind the checksum. REQUIRES: holds_undo(position).
    static uint64_t undo_end(const FilePosition& position) {
        return position.offset + position.size + Hash256::kSize;
    }

    uint32_t count() const { return static_cast<uint32_t>(files_.size()); }
    uint64_t size_of(uint32_t number) const {
        return files_[number].block_bytes + files_[number].undo_bytes;
    }
    /// Holds blocks, of these heights at most, and no more will be added.
    bool is_prunable(uint32_t number, Height height_last) const;
    /// Both files. The blocks in them are the caller's to forget.
    void remove(WriteBatch& batch, uint32_t number);
    /// Removes again what a crash has left of files that were removed.
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
