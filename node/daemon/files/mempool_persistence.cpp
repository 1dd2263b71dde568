#include "node/daemon/files/mempool_persistence.h"

#include <pthread.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "node/daemon/options/daemon_options.h"
#include "node/daemon/system/os_random.h"
#include "node/daemon/system/replace_file.h"
#include "node/host/mempool_load.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

// Transactions per step of the node: requests run between two steps.
constexpr size_t kBatchMax = 64;

// The part of the file from `first` on; the last one has what concerns all transactions.
MempoolFile batch_of(const MempoolFile& file, size_t first) {
    MempoolFile batch;
    const size_t end = std::min(first + kBatchMax, file.entries.size());
    batch.entries.assign(file.entries.begin() + static_cast<ptrdiff_t>(first),
                         file.entries.begin() + static_cast<ptrdiff_t>(end));
    if (end == file.entries.size()) {
        batch.other_deltas = file.other_deltas;
        batch.unbroadcast = file.unbroadcast;
    }
    return batch;
}

void apply(const rpc::MempoolImport& import, MempoolFile& file) {
    if (!import.fee_deltas) file.other_deltas.clear();
    if (!import.unbroadcast) file.unbroadcast.clear();
    for (MempoolFile::Entry& entry : file.entries) {
        if (import.current_time) entry.time = 0;
        if (!import.fee_deltas) entry.fee_delta = Amount{0};
    }
}

}  // namespace

MempoolPersistence::~MempoolPersistence() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

void MempoolPersistence::start() {
    std::error_code error;
    if (!options_.load || !fs::exists(options_.path, error)) {
        loaded_ = true;
        return;
    }
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "initload");  // bitcoind's name, and its line
        log_.info(LogCategory::general, "initload thread start");
        import(options_.path, {.current_time = false, .fee_deltas = true, .unbroadcast = true});
        // A file that cannot be read is as good as none; one that was left early must be kept.
        loaded_ = !left_early_;
    });
}

bool MempoolPersistence::import(const std::string& path, const rpc::MempoolImport& import) {
    const auto text = read_text_file(path);
    if (!text) {
        log_.info(LogCategory::general, "Failed to open mempool file. Continuing anyway.");
        return false;
    }
    auto file = MempoolFile::parse(as_bytes(*text));
    if (!file) {
        log_.info(LogCategory::general,
                  "Failed to deserialize mempool data on file {}. Continuing anyway.", path);
        return false;
    }
    log_.info(LogCategory::general, "Loading {} mempool transactions from file...",
              file->entries.size());
    apply(import, *file);
    MempoolLoad load;
    size_t first = 0;
    do {
        const auto batch = std::make_shared<const MempoolFile>(batch_of(*file, first));
        const bool done = !stop_ && loop_.call(event::LoadFile{{}, batch}, [&](Node& node) {
            load_mempool_entries(node, *batch, load);
        });
        if (!done) {
            left_early_ = true;
            return false;
        }
        first += kBatchMax;
    } while (first < file->entries.size());
    log_.info(LogCategory::general,
              "Imported mempool transactions from file: {} succeeded, {} failed, {} expired, {} "
              "already there, {} waiting for initial broadcast",
              load.accepted, load.failed, load.expired, load.known, load.unbroadcast);
    return true;
}

bool MempoolPersistence::save(const MempoolFile& file) const {
    std::optional<MempoolFile::Key> key;
    if (!options_.plain) {
        const uint64_t random = OsRandom(false).next();
        key.emplace();
        for (size_t i = 0; i < key->size(); ++i)
            (*key)[i] = static_cast<uint8_t>(random >> (8 * i));
    }
    const Bytes bytes = file.serialize(key);
    log_.info(LogCategory::general, "Writing {} mempool transactions to file...",
              file.entries.size());
    if (const std::string problem = replace_file(options_.path, bytes); !problem.empty()) {
        log_.warning(LogCategory::general, "Failed to dump mempool: {}", problem);
        return false;
    }
    log_.info(LogCategory::general, "Dumped mempool: {} bytes dumped to file", bytes.size());
    return true;
}

}  // namespace parley
