// StoredBlocks: the `blocks` store of a chain with its files: reads bodies and undo data and
// verifies that they are intact, appends new ones, and commits their records. It decides nothing
// about the chain, and reports what it stores to the BlockIndex.
//
// Records are held back until the next body's batch, or until commit(). After sync() everything up
// to the tip is on disk before any later commit. Owned by Chainstate; core thread only.
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
    /// All references must outlive it.
    StoredBlocks(const ChainParams& params, BlockIndex& index, Storage& storage,
                 uint64_t file_bytes_max)
        : params_(params),
          index_(index),
          storage_(storage),
          files_(storage, params.magic, file_bytes_max) {}

    // --- Reading.

    /// REQUIRES, like read_bytes(): node.has_body(), or it is the genesis block. Fails with
    /// Code::corruption if the file does not contain this block.
    Expected<BlockRef, StorageError> read(const HeaderNode& node) const;
    /// The block's bytes in the file (BIP144 form), not parsed.
    Expected<Bytes, StorageError> read_bytes(const HeaderNode& node) const;
    /// REQUIRES: node.has_undo(), or it is the genesis block.
    Expected<BlockUndo, StorageError> read_undo(const HeaderNode& node) const;
    /// For a block about to be connected: recently accepted blocks come from memory. REQUIRES: as
    /// read().
    Expected<BlockRef, StorageError> take(const HeaderNode& node);

    // --- Writing.

    /// Appends the body to a file and commits it, with all records held back.
    void append(const HeaderNode& node, const BlockRef& block);
    /// The same for a body that is already in a file.
    void adopt(const HeaderNode& node, const BlockRef& block, const FilePosition& position);
    /// Appends undo data. It is committed by the next commit(), or when too much has accumulated.
    void append_undo(const HeaderNode& node, const BlockUndo& undo);
    /// Removes these files and the index entries of their blocks. Committed by the next sync().
    void remove(std::span<const uint32_t> files);
    /// For additional records. Committed by the next commit() or sync().
    WriteBatch& batch() { return batch_; }
    /// Commits everything held back.
    void commit();
    /// Commits this batch together with the records of nodes and files.
    void commit_with(WriteBatch batch);
    /// At start-up: verifies that every file is there that has a block, and that recorded positions
    /// are within the recorded file sizes, because
    /// otherwise new blocks would overwrite old ones; data behind the recorded end is overwritten.
    /// The error is a sentence.
    Expected<void, std::string> check_files();
    /// Commits records of nodes only, not those held back until the end of an activation.
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

    // Recently accepted blocks, so that connecting them needs no reads.
    std::deque<std::pair<const HeaderNode*, BlockRef>> recent_;
    size_t recent_bytes_ = 0;
};

}  // namespace parley
