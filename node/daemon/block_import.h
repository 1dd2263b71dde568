// BlockFileReader and BlockImport: -loadblock, preceded by -reindex. The file has the format of
// bitcoind's tools: magic, length, block, repeated; plain or compressed with bzip2. The reader
// finds blocks in a byte stream that may be damaged anywhere. The import passes them to the node,
// on its own thread, before the node connects to peers.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/expected.h"
#include "base/log.h"
#include "chain/primitives/block.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class BlockFileReader {
 public:
    /// The error is a sentence.
    static Expected<BlockFileReader, std::string> open(const std::string& path,
                                                       const std::array<uint8_t, 4>& magic);
    ~BlockFileReader();
    BlockFileReader(BlockFileReader&&) noexcept;

    /// The next complete block; null at the end. Skips everything that is not a block.
    BlockRef next();
    /// Empty, or why reading stopped early (damaged compression, a failing disk).
    const std::string& problem() const { return problem_; }
    uint64_t skipped_bytes() const { return skipped_bytes_; }

 private:
    class Source;
    explicit BlockFileReader(std::unique_ptr<Source> source, const std::array<uint8_t, 4>& magic);
    /// False: fewer bytes remain in the file.
    bool fill(size_t bytes);
    void skip(size_t bytes);

    std::unique_ptr<Source> source_;
    std::array<uint8_t, 4> magic_;
    Bytes buffer_;
    size_t position_ = 0;  // of the first unread byte in buffer_
    uint64_t skipped_bytes_ = 0;
    std::string problem_;
};

class BlockImport {
 public:
    /// Reindexes first, if necessary. `done` is called on the import's thread at its end, also if
    /// it was stopped.
    BlockImport(std::vector<std::string> files, const std::array<uint8_t, 4>& magic, CoreLoop& loop,
                LogSink& log, std::function<void()> done);
    /// Stops it and waits.
    ~BlockImport();
    BlockImport(const BlockImport&) = delete;
    BlockImport& operator=(const BlockImport&) = delete;

    /// Submits blocks in file order, and keeps those that wait for a parent.
    struct Waiting {
        std::multimap<BlockHash, BlockRef> by_parent;
        size_t bytes = 0;
        size_t left_out = 0;
        uint64_t accepted = 0;
        uint64_t invalid = 0;

        /// Runs inside a step of the node.
        void load(Node& node, BlockRef first, LogSink& log);

     private:
        void keep(const BlockRef& block);
    };

 private:
    void run();
    void import(const std::string& path, Waiting& waiting);

    const std::vector<std::string> files_;
    const std::array<uint8_t, 4> magic_;
    CoreLoop& loop_;
    LogSink& log_;
    const std::function<void()> done_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace parley
