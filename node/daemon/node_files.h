// NodeFiles: the stores of a node in its directories: the index with the block files, the coins,
// the transaction index and the wallets, over the thread that writes them. Clears first what a
// reindexing rebuilds. It does not lock the directories; its owner does. Created by the daemon, and
// by the replay of a record.
//
// Threads: the stores are used on the core thread; StorageThread has a thread of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/expected.h"
#include "base/log.h"
#include "chain/state/indexes/chain_indexes.h"
#include "node/daemon/storage/leveldb_storage.h"
#include "node/daemon/storage/numbered_files.h"

namespace parley {

class NodeFiles {
 public:
    struct Options {
        std::string chain;         ///< directory of blocks/index/, chainstate/, indexes/; exists
        std::string blocks;        ///< directory of the block files; exists
        std::string wallets;       ///< directory of the wallets; created with the first one
        PerIndex<bool> indexes{};  ///< which to keep
        bool reindex = false;
        bool reindex_chainstate = false;
        size_t cache_bytes = 0;  ///< -dbcache: for the tables of the coins and the coins' own cache
        /// For the block files, if there are none yet: blocks/xor.dat keeps it for ever.
        ObfuscationKey fresh_key{};
        bool key_is_refused = false;  ///< -blocksxor=0: a key that is not zero is an error
        /// -dbcrashratio: n: one write of coins in n ends the process; 0: none does.
        uint64_t crash_ratio = 0;
        LogSink* log = nullptr;  ///< names the stores that are opened; null: nothing does
        /// A wallet may be outside `wallets`, if its name is an absolute path. If not, it is below,
        /// as for a replay, which must not change what it was not given.
        bool wallets_elsewhere = false;
    };

    /// `on_error` is called on the storage thread, once, when a write fails. The error is a
    /// sentence.
    static Expected<std::unique_ptr<NodeFiles>, std::string> open(
        const Options& options, StorageThread::ErrorHandler on_error);

    /// Where the index of the blocks is: as in bitcoind below `chain`, even if -blocksdir moves the
    /// files; beside those where an older version left it.
    static std::string index_directory(const std::string& chain, const std::string& blocks);
    /// The part of `cache_bytes` that is left for the coins' own cache.
    static size_t coins_cache_bytes(size_t cache_bytes);

    /// Of the block files.
    const ObfuscationKey& key() const { return key_; }
    StorageThread& thread() { return thread_; }
    Storage& blocks() { return *blocks_; }
    Storage& coins() { return *coins_; }
    IndexStores indexes();
    StorageDirectory& wallets() { return wallets_; }

 private:
    NodeFiles(const Options& options, StorageThread::ErrorHandler on_error);
    Expected<void, std::string> open_stores(const Options& options);

    ObfuscationKey key_{};
    StorageThread thread_;
    std::unique_ptr<LevelDbStorage> blocks_;
    std::unique_ptr<LevelDbStorage> coins_;
    PerIndex<std::unique_ptr<LevelDbStorage>> indexes_;
    LevelDbDirectory wallets_;
};

}  // namespace parley
