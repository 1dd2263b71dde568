// MempoolPersistence: mempool.dat. Loads it at the start, on its own thread, while the node runs;
// imports other such files on request; writes it at the end and on request.
//
// Threads: import() and save() on any thread; start() on one, which has ended or is the main thread
// when the destructor runs there.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/log.h"
#include "mempool/mempool_file.h"
#include "node/daemon/workers/core_loop.h"
#include "rpc/jsonrpc/host.h"

namespace parley {

class MempoolPersistence {
 public:
    struct Options {
        std::string path;
        bool load = true;    ///< -persistmempool
        bool plain = false;  ///< -persistmempoolv1
    };

    MempoolPersistence(Options options, CoreLoop& loop, LogSink& log)
        : options_(std::move(options)), loop_(loop), log_(log) {}
    /// Stops the loading and waits for it.
    ~MempoolPersistence();
    MempoolPersistence(const MempoolPersistence&) = delete;
    MempoolPersistence& operator=(const MempoolPersistence&) = delete;

    /// Begins to load the file, if there is one.
    void start();
    /// The file was read to its end, or there was nothing to load.
    bool loaded() const { return loaded_; }
    const std::string& path() const { return options_.path; }

    /// False: the file cannot be read, is damaged, or the node is stopping; the log says more.
    bool import(const std::string& path, const rpc::MempoolImport& import);
    /// Replaces the file. False: it could not be written; the log says more.
    bool save(const MempoolFile& file) const;

 private:
    const Options options_;
    CoreLoop& loop_;
    LogSink& log_;
    std::atomic<bool> stop_{false};
    std::atomic<bool> left_early_{false};  // the node stopped in the middle of a file
    std::atomic<bool> loaded_{false};
    std::thread thread_;
};

}  // namespace parley
