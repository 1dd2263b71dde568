// StoredBlocks: the `blocks` store of a chain with its files: it reads bodies and undo data and
// checks that they are what was stored, appends new ones, and commits the records that go with
// them. It decides nothing about the chain; what it stores, it tells the BlockIndex.
//
// Records wait for the batch of the next body, or for commit(). After sync() everything up to the
// tip is on the disk, before whatever is committed later. Owned by Chainstate; core thread only.
#pragma once

#include <deque>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/storage/storage.h"
#include "chain/primitives/block.h"
#include "chain/primitives/coins.h"
#include "chain/rules/params.h"
#include "chain/state/index/block_index.h"
#include "chain/store/block_store.h"

namespace parley {

class StoredBlocks {
 public:
    /// All outlive it.
    StoredBlocks(const ChainParams& params, BlockIndex& index, Storage& storage,
                 uint64_t file_bytes_max)
        : params_(params),
          index_(index),
          storage_(storage),
          files_(storage, params.magic, file_bytes_max) {}

    // --- Reading.

    /// REQUIRES, as the next: node.has_body(), or it is the genesis block. The error is
    /// Code::corruption where the file holds something else.
    Expected<BlockRef, StorageError> read(const HeaderNode& node) const;
    /// The block as it is in the file (BIP144 form), without parsing.
    Expected<Bytes, StorageError> read_bytes(const HeaderNode& node) const;
    /// REQUIRES: node.has_undo(), or it is the genesis block.
    Expected<BlockUndo, StorageError> read_undo(const HeaderNode& node) const;
    /// A block to be connected: a few that came lately need no reading. REQUIRES: as read().
    Expected<BlockRef, StorageError> take(const HeaderNode& node);

    // --- Writing.

    /// Appends the body to a file, and commits it with all waiting records.
    void append(const HeaderNode& node, const BlockRef& block);
    /// The same for a body that is in a file already.
    void adopt(const HeaderNode& node, const BlockRef& block, const FilePosition& position);
    /// Appends undo data; it is committed by the next commit() or before too much waits.
    void append_undo(const HeaderNode& node, const BlockUndo& undo);
    /// Removes these files, and from the index what they held. Committed by the next sync().
    void remove(std::span<const uint32_t> files);
    /// A record of its own, committed by the next commit() or sync().
    WriteBatch& batch() { return batch_; }
    /// Everything that waits.
    void commit();
    /// This batch, with the records of nodes and files.
    void commit_with(WriteBatch batch);
    /// At the start: positions must lie within what is known of the files, or new blocks would be
    /// written over old ones; what is behind the last of them will be. The error is a sentence.
    Expected<void, std::string> check_files();
    /// Records of nodes only, without what waits for the end of an activation.
    void commit_records();
    void sync();

    const BlockStore& files() const { return files_; }
    BlockStore& files() { return files_; }
    Storage& storage() const { return storage_; }

 private:
    void put_records(WriteBatch& batch);
    void store(const HeaderNode& node, const BlockRef& block, const FilePosition& position,
               WriteBatch batch);

    const ChainParams& params_;
    BlockIndex& index_;
    Storage& storage_;
    BlockStore files_;

    WriteBatch batch_;  // undo data and records of the blocks being connected
    size_t batch_bytes_ = 0;

    // Blocks that were accepted lately, so that connecting them needs no reading.
    std::deque<std::pair<const HeaderNode*, BlockRef>> recent_;
    size_t recent_bytes_ = 0;
};

}  // namespace parley
