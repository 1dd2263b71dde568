// PublishedChain: hands the tip from the core thread to the rpc threads. Each new tip replaces the
// snapshot, including the blocks cached for the old one. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "rpc/jsonrpc/chain_snapshot.h"

namespace parley {

class PublishedChain {
 public:
    /// Null until the first tip.
    std::shared_ptr<const ChainSnapshot> snapshot() const;
    void show(std::shared_ptr<const BlockSummary> tip);
    /// Whether the files with this number are there: a cached block is not served once they are
    /// gone. Call once, before the first tip. REQUIRES: `check` is thread-safe.
    void set_file_check(std::function<bool(uint32_t file)> check) {
        files_there_ = std::move(check);
    }

 private:
    std::function<bool(uint32_t file)> files_there_ = [](uint32_t) { return true; };
    mutable std::mutex mutex_;
    std::shared_ptr<const ChainSnapshot> snapshot_;  // guarded by mutex_
};

}  // namespace parley
