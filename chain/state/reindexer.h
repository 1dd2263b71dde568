// Reindexer: reads block files whose index is lost, one bounded piece at a time, so that the node
// keeps responding (-reindex). It finds blocks and an order in which they can be accepted; it does
// not validate or store them. Created when a reindexing begins or is found unfinished, dropped when
// it is finished. New blocks go to a file after the ones being read. Core thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>

#include "base/log.h"
#include "base/storage/storage.h"
#include "chain/primitives/block.h"
#include "chain/rules/header_node.h"
#include "chain/store/block_store.h"

namespace parley {

class Reindexer {
 public:
    enum class Verdict : uint8_t {
        known,           ///< accepted, now or earlier: children can be accepted
        refused,         ///< its descendants cannot be accepted, at least for now
        missing_parent,  ///< waits for its parent
    };
    /// Accepts the block at that position.
    using Accept = std::function<Verdict(const BlockRef&, const FilePosition&)>;

    /// The number of consecutive files from blk00000.dat on.
    static Expected<uint32_t, StorageError> count_files(const Storage& storage);

    /// Reads the first `files` files. All references must outlive it.
    Reindexer(const Storage& storage, const BlockStore& store, const std::array<uint8_t, 4>& magic,
              uint32_t files, LogSink& log)
        : storage_(storage), store_(store), magic_(magic), files_(files), log_(log) {}

    bool done() const { return file_ >= files_; }
    /// Reads one piece. REQUIRES: !done().
    Expected<void, StorageError> step(const Accept& accept);
    /// Number of blocks whose parents have not been found yet.
    size_t waiting() const { return waiting_.size(); }

 private:
    size_t read_chunk(ByteSpan chunk, bool more_follow, const Accept& accept);
    void offer(BlockRef block, const FilePosition& position, const Accept& accept);

    const Storage& storage_;
    const BlockStore& store_;
    const std::array<uint8_t, 4> magic_;
    const uint32_t files_;
    LogSink& log_;
    uint32_t file_ = 0;
    uint64_t offset_ = 0;
    std::multimap<BlockHash, FilePosition> waiting_;  // by unknown parent
};

}  // namespace parley
