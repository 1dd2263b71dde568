#include "node/daemon/node_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "chain/store/store_check.h"
#include "node/daemon/storage/numbered_files.h"
#include "node/daemon/system/os_random.h"
#include "node/daemon/system/replace_file.h"
#include "node/daemon/system/system_error.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

// Reads of the UTXO set are random, and the coins cache already serves the repeated ones. A small
// share of -dbcache is therefore enough for LevelDB: this share for its table cache, and for each
// of its two write buffers.
constexpr size_t kCoinsTablesShare = 16;
constexpr size_t kCoinsTablesBytesMax = 4 << 20;

size_t coins_tables_bytes(size_t cache_bytes) {
    return std::min(kCoinsTablesBytesMax, cache_bytes / kCoinsTablesShare);
}

Expected<void, std::string> remove_whole(const fs::path& path, LogSink* log = nullptr) {
    std::error_code error;
    if (log != nullptr) log->info(LogCategory::general, "Wiping LevelDB in {}", path.string());
    fs::remove_all(path, error);
    if (error) return Unexpected(system_error_sentence("remove", path.string(), error.value()));
    return {};
}

/// Undo files, and block files after a gap in the numbering: a reindexing uses neither.
std::vector<fs::path> useless_files(const std::string& directory) {
    std::error_code error;
    uint32_t first_gap = 0;
    while (fs::exists(numbered_file_path(directory, {FileId::Kind::block, first_gap}), error))
        ++first_gap;
    const std::string gap =
        fs::path(numbered_file_path(directory, {FileId::Kind::block, first_gap})).filename();
    std::vector<fs::path> result;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.ends_with(".dat")) continue;
        if (name.starts_with("rev") || (name.starts_with("blk") && name > gap))
            result.push_back(entry->path());
    }
    return result;
}

/// Removes the data that the chainstate rebuilds from the block files: the coins; with -reindex
/// also the index, the undo files and the optional indexes. If interrupted, it leaves a state that
/// the next start refuses with a message that names -reindex.
Expected<void, std::string> clear_for_reindex(const NodeFiles::Options& options) {
    // The coins first: a complete index can rebuild them.
    if (auto done = remove_whole(options.chain + "/chainstate", options.log); !done) return done;
    if (!options.reindex) return {};
    if (auto done = remove_whole(options.chain + "/indexes", options.log); !done) return done;
    for (const std::string& index : {options.chain + "/blocks/index", options.blocks + "/index"}) {
        if (auto done = remove_whole(index, options.log); !done) return done;
    }
    for (const fs::path& path : useless_files(options.blocks)) {
        if (auto done = remove_whole(path); !done) return done;
    }
    return {};
}

// By IndexKind.
constexpr PerIndex<const char*> kIndexDirectories{"txindex", "blockfilter/basic/db",
                                                  "txospenderindex/db", "coinstatsindex/db"};

// As a power cut would, without the cut: nothing is written any more.
std::function<void()> crash_sometimes(const NodeFiles::Options& options) {
    return [ratio = options.crash_ratio, log = options.log, random = OsRandom{false}]() mutable {
        if (random.next() % ratio != 0) return;
        if (log != nullptr) log->warning(LogCategory::general, "Simulating a crash. Goodbye.");
        std::_Exit(EXIT_SUCCESS);
    };
}

// The key of the files that are there, or the one for new files. xor.dat is as bitcoind writes it.
Expected<ObfuscationKey, std::string> open_key(const NodeFiles::Options& options) {
    const std::string path = options.blocks + "/xor.dat";
    ObfuscationKey key{};
    std::error_code error;
    const bool there = fs::exists(path, error);
    if (error) return Unexpected(system_error_sentence("read", path, error.value()));
    if (there) {
        std::ifstream file(path, std::ios::binary);
        if (!file.read(reinterpret_cast<char*>(key.data()), key.size()))
            return Unexpected(fmt::format(
                "Cannot read the key of the block files in {}. It has 8 bytes; restore the file "
                "from a copy. Without a copy, remove it and the block files, and start with "
                "-reindex, which fetches all blocks again.",
                path));
        if (options.key_is_refused && key != ObfuscationKey{})
            return Unexpected(
                fmt::format("The blocksdir XOR-key can not be disabled when a random key was "
                            "already stored! Stored key: '{}', stored path: '{}'.",
                            to_hex(key), path));
        return key;
    }
    const fs::directory_iterator entries(options.blocks, error);
    if (error) return Unexpected(system_error_sentence("read", options.blocks, error.value()));
    const bool fresh = std::ranges::all_of(entries, [](const fs::directory_entry& entry) {
        return entry.path().filename() == ".lock";
    });
    if (fresh) key = options.fresh_key;
    if (std::string problem = replace_file(path, key); !problem.empty())
        return Unexpected(std::move(problem));
    return key;
}

}  // namespace

IndexStores NodeFiles::indexes() {
    IndexStores stores{};
    for (size_t i = 0; i < kIndexKinds; ++i) stores[i] = indexes_[i].get();
    return stores;
}

NodeFiles::NodeFiles(const Options& options, StorageThread::ErrorHandler on_error)
    : thread_(std::move(on_error)), wallets_(options.wallets, thread_, options.wallets_elsewhere) {}

size_t NodeFiles::coins_cache_bytes(size_t cache_bytes) {
    return cache_bytes - 3 * coins_tables_bytes(cache_bytes);
}

std::string NodeFiles::index_directory(const std::string& chain, const std::string& blocks) {
    std::error_code error;
    std::string usual = chain + "/blocks/index";
    std::string beside_files = blocks + "/index";
    const bool older = !fs::exists(usual, error) && fs::exists(beside_files, error);
    return older ? beside_files : usual;
}

Expected<void, std::string> NodeFiles::open_stores(const Options& options) {
    const auto open_one = [&](const LevelDbOptions& store, auto& target) -> std::string {
        if (options.log != nullptr)
            options.log->info(LogCategory::general, "Opening LevelDB in {}", store.directory);
        auto opened = LevelDbStorage::open(store, thread_);
        if (!opened) return opened.error().message;
        target = std::move(*opened);
        return {};
    };
    LevelDbOptions blocks;
    blocks.files_may_be_there = options.reindex;
    blocks.directory = index_directory(options.chain, options.blocks);
    const fs::path above = fs::path(blocks.directory).parent_path();
    std::error_code failed;
    fs::create_directories(above, failed);
    if (failed) return Unexpected(system_error_sentence("create", above.string(), failed.value()));
    blocks.remedy = kDamagedBlocksAdvice;
    blocks.files_directory = options.blocks;
    blocks.files_key = key_;
    LevelDbOptions coins;
    coins.directory = options.chain + "/chainstate";
    coins.cache_bytes = coins.write_buffer_bytes = coins_tables_bytes(options.cache_bytes);
    coins.bloom_filter = true;
    coins.remedy = kDamagedCoinsAdvice;
    if (options.crash_ratio != 0) coins.after_write = crash_sometimes(options);
    LevelDbOptions index;
    index.bloom_filter = true;
    index.remedy = "Remove this directory only; the index will be rebuilt.";
    if (const std::string problem = open_one(blocks, blocks_); !problem.empty())
        return Unexpected("Error opening block database. " + problem);
    if (const std::string problem = open_one(coins, coins_); !problem.empty())
        return Unexpected("Error opening coins database. " + problem);
    std::string problem;
    for (size_t i = 0; i < kIndexKinds; ++i) {
        if (!options.indexes[i] || !problem.empty()) continue;
        index.directory = options.chain + "/indexes/" + kIndexDirectories[i];
        // LevelDB makes one level itself.
        fs::create_directories(fs::path(index.directory).parent_path(), failed);
        problem = failed ? system_error_sentence("create", index.directory, failed.value())
                         : open_one(index, indexes_[i]);
    }
    if (!problem.empty()) return Unexpected(std::move(problem));
    return {};
}

Expected<std::unique_ptr<NodeFiles>, std::string> NodeFiles::open(
    const Options& options, StorageThread::ErrorHandler on_error) {
    if (options.reindex || options.reindex_chainstate) {
        if (auto cleared = clear_for_reindex(options); !cleared) return Unexpected(cleared.error());
    }
    const auto key = open_key(options);
    if (!key) return Unexpected(key.error());
    auto files = std::unique_ptr<NodeFiles>{new NodeFiles(options, std::move(on_error))};
    files->key_ = *key;
    if (auto opened = files->open_stores(options); !opened) return Unexpected(opened.error());
    return files;
}

}  // namespace parley
