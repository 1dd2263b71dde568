// PublishedChain: hands the tip from the core thread to the rpc threads. Each new tip replaces the
// snapshot, including the blocks cached for the old one. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "rpc/jsonrpc/chain_snapshot.h"

namespace parley {

class PublishedChain {
 public:
    /// Null until the first tip.
    std::shared_ptr<const ChainSnapshot> snapshot() const;
    void show(std::shared_ptr<const BlockSummary> tip);

 private:
    mutable std::mutex mutex_;
    std::shared_ptr<const ChainSnapshot> snapshot_;  // guarded by mutex_
};

}  // namespace parley
