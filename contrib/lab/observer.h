// Observer: records what happens in a running network: when each node moved to which tip, and each
// validator of PBFT to which view, and every block that any node knows. One thread per node. The
// evaluation follows afterwards (run_result.h).
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "contrib/lab/live_network.h"

namespace parley::lab {

/// Seconds since the start of the run.
using Seconds = double;

struct SeenBlock {
    int64_t height = 0;
    std::string previous;
    std::vector<std::string> transactions;  ///< txids, coinbase first
    uint64_t size = 0;                      ///< bytes
};

struct TipChange {
    Seconds time = 0;
    std::string hash;
};

/// What a validator of PBFT was found to do from this time on.
struct SeenView {
    Seconds time = 0;
    uint64_t view = 0;
    bool changing = false;  ///< it has voted for this view, which has not begun for it

    bool same(const SeenView& other) const {
        return view == other.view && changing == other.changing;
    }
};

struct Observations {
    std::map<std::string, SeenBlock> blocks;   ///< by hash
    std::vector<std::vector<TipChange>> tips;  ///< per node, in chronological order
    std::vector<std::vector<SeenView>> views;  ///< the same; none of a node that does not vote
};

class Observer {
 public:
    /// Starts observing, every `pause`: a tenth of the shortest delay of interest. Borrows the
    /// network.
    explicit Observer(LiveNetwork& network,
                      std::chrono::milliseconds pause = std::chrono::milliseconds{10});
    ~Observer();
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    Seconds now() const;
    /// Height and number of blocks known so far, for progress.
    int64_t height() const { return height_; }
    size_t block_count() const;

    /// Stops observing, and fetches stale branches that never were a node's tip.
    Observations finish();
    /// Why observing a node failed; empty: it did not.
    std::string failure() const;

 private:
    void watch(size_t node);
    /// False: the node is no validator.
    bool look_at_view(RpcClient& client, size_t node);
    /// Fetches a block and its unknown ancestors.
    void fetch(RpcClient& client, std::string hash);
    void stop();

    LiveNetwork& network_;
    std::chrono::milliseconds pause_;
    std::chrono::steady_clock::time_point begin_;
    std::atomic<bool> stopping_{false};
    std::atomic<int64_t> height_{0};
    mutable std::mutex mutex_;
    Observations seen_;    ///< guarded by mutex_
    std::string failure_;  ///< guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace parley::lab
