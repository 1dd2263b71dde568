// Reindexer: reads block files whose index is lost, a bounded piece at a time, so that the node
// goes on meanwhile (-reindex). It finds blocks and the order in which they can be accepted; it
// does not judge or store them. Created when a reindexing begins or is found unfinished, dropped
// when it is done. New blocks go to a file behind the ones that are read. Core thread only.
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
        known,           ///< accepted, now or before: its children can be, too
        refused,         ///< what builds on it is no use, for now at least
        missing_parent,  ///< it waits for its parent
    };
    /// Accepts a block that lies there.
    using Accept = std::function<Verdict(const BlockRef&, const FilePosition&)>;

    /// blk00000.dat and so on, without a gap.
    static Expected<uint32_t, StorageError> count_files(const Storage& storage);

    /// Reads the first `files` files. Storage, store and log outlive it.
    Reindexer(const Storage& storage, const BlockStore& store, const std::array<uint8_t, 4>& magic,
              uint32_t files, LogSink& log)
        : storage_(storage), store_(store), magic_(magic), files_(files), log_(log) {}

    bool done() const { return file_ >= files_; }
    /// A piece. REQUIRES: !done().
    Expected<void, StorageError> step(const Accept& accept);
    /// Blocks whose parents were not found so far.
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
    std::multimap<BlockHash, FilePosition> waiting_;  // by the parent that is not known yet
};

}  // namespace parley
