// BlockFileReader and BlockImport: -loadblock, and before it -reindex. The file is what bitcoind's
// tools write: magic, length, block, repeated; plain or compressed with bzip2. The reader finds
// blocks in a stream of bytes that may be damaged anywhere; the import hands them to the node, on a
// thread of its own, before the node talks to peers.
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

    /// The next whole block; null at the end. What is no block is skipped.
    BlockRef next();
    /// Empty, or why the file ended early (damaged compression, a failing disk).
    const std::string& problem() const { return problem_; }
    uint64_t skipped_bytes() const { return skipped_bytes_; }

 private:
    class Source;
    explicit BlockFileReader(std::unique_ptr<Source> source, const std::array<uint8_t, 4>& magic);
    /// False: the file has fewer bytes left.
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
    /// First what the node has to reindex, if anything. `done` is called on the import's thread at
    /// its end, also when it was stopped.
    BlockImport(std::vector<std::string> files, const std::array<uint8_t, 4>& magic, CoreLoop& loop,
                LogSink& log, std::function<void()> done);
    /// Stops it and waits.
    ~BlockImport();
    BlockImport(const BlockImport&) = delete;
    BlockImport& operator=(const BlockImport&) = delete;

    /// Blocks in the order in which the node gets them, and those that wait for a parent.
    struct Waiting {
        std::multimap<BlockHash, BlockRef> by_parent;
        size_t bytes = 0;
        size_t left_out = 0;
        uint64_t accepted = 0;
        uint64_t invalid = 0;

        /// Inside a step of the node.
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
