// FeeFile: fee_estimates.dat of a data directory, in bitcoind's format: what the node has learnt
// about fees. Loads it at the start, unless it is too old; writes it every hour and at the end.
//
// Threads: as PeerFiles.
#pragma once

#include <string>

#include "base/log.h"
#include "node/daemon/files/periodic_task.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class Mempool;
struct MempoolOptions;

class FeeFile {
 public:
    /// `directory` is that of the chain.
    explicit FeeFile(const std::string& directory) : path_(directory + "/fee_estimates.dat") {}

    /// A file that is damaged or older than 60 hours is not used, and the log says so.
    /// `accept_stale`: its age does not count.
    void load(MempoolOptions& options, bool accept_stale, LogSink& log) const;
    void start(CoreLoop& loop, LogSink& log);
    void advance(Duration duration) { writing_.advance(duration); }
    void stop() { writing_.stop(); }
    /// REQUIRES: the core loop has ended. Failures are logged.
    void save(const Mempool& mempool, LogSink& log) const;

 private:
    void write(ByteSpan bytes, LogSink& log) const;

    const std::string path_;
    PeriodicTask writing_;
};

}  // namespace parley
