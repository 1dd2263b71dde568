// Workload: sends a steady stream of transactions in a network, from each node's wallet in turn to
// another's, until stopped. Has its own thread.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "contrib/lab/live_network.h"
#include "contrib/lab/observer.h"

namespace parley::lab {

struct SentTransaction {
    size_t node = 0;   ///< of the sending wallet
    Seconds time = 0;  ///< when the call was made
};

class Workload {
 public:
    /// Borrows both. `rate` is in transactions per second; 0 sends none.
    Workload(LiveNetwork& network, const Observer& clock, double rate);
    ~Workload();
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;

    void stop();
    /// By txid. Complete after stop().
    std::map<std::string, SentTransaction> sent() const;
    size_t sent_count() const { return sent_count_; }
    /// Number of calls that were refused, and the last reason.
    size_t refused_count() const { return refused_count_; }
    std::string last_refusal() const;

 private:
    void run(double rate);

    LiveNetwork& network_;
    const Observer& clock_;
    std::atomic<bool> stopping_{false};
    std::atomic<size_t> sent_count_{0};
    std::atomic<size_t> refused_count_{0};
    mutable std::mutex mutex_;
    std::map<std::string, SentTransaction> sent_;  ///< guarded by mutex_
    std::string last_refusal_;                     ///< guarded by mutex_
    std::thread thread_;
};

}  // namespace parley::lab
