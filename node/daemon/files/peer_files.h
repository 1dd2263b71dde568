// PeerFiles: peers.dat and anchors.dat of a data directory, in bitcoind's formats. Loads both at
// the start; writes peers.dat every quarter of an hour and both at the end.
//
// Threads: load() and save() on the main thread, before and after the core loop runs; a thread of
// its own in between, which asks the node through the loop.
#pragma once

#include <string>

#include "base/expected.h"
#include "base/log.h"
#include "net/peer/net_options.h"
#include "node/daemon/files/periodic_task.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class PeerManager;
struct AddressTables;

class PeerFiles {
 public:
    /// `directory` is that of the chain.
    PeerFiles(const std::string& directory, const NetworkMagic& magic)
        : peers_(directory + "/peers.dat"), anchors_(directory + "/anchors.dat"), magic_(magic) {}

    /// Puts what the files hold into `options`, and removes anchors.dat: anchors that make the node
    /// fail must not do so twice. The error is a sentence for the user: a damaged file is kept.
    Expected<void, std::string> load(NetOptions& options, LogSink& log) const;
    /// Begins to write peers.dat from time to time.
    void start(CoreLoop& loop, LogSink& log);
    void advance(Duration duration) { writing_.advance(duration); }
    void stop() { writing_.stop(); }
    /// REQUIRES: the core loop has ended. Failures are logged.
    void save(const PeerManager& peers, LogSink& log) const;

 private:
    void save_addresses(const AddressTables& tables, LogSink& log) const;

    const std::string peers_;
    const std::string anchors_;
    const NetworkMagic magic_;
    PeriodicTask writing_;
};

}  // namespace parley
