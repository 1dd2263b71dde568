// MinerPool: searches for nonces on worker threads. It knows a header and a target, but neither
// blocks nor the chain. A new search replaces the running one at once. A search ends with
// SolutionFound or, if all 2^32 nonces were tried, with SearchExhausted; then the threads are idle
// until the next one.
//
// With a rate limit, the threads together try that many nonces per second, really hashing each:
// they take short slices and wait until each slice is due. Consecutive searches share one schedule,
// so the average holds however often the work changes.
//
// search and stop_search are called by the core thread; the workers post the events; hashes() may
// be called by any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/option_rows.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

struct MinerPoolOptions {
    unsigned threads = 1;   ///< -genthreads
    uint64_t rate_max = 0;  ///< -genrate: hashes per second of all threads together; 0: unlimited

    static OptionRows<MinerPoolOptions> rows();
};

class MinerPool final : public MinerPort {
 public:
    MinerPool(MinerPoolOptions options, EventSink& sink);
    ~MinerPool() override;
    MinerPool(const MinerPool&) = delete;
    MinerPool& operator=(const MinerPool&) = delete;

    /// The threads are started with the first search.
    void search(uint64_t job, const BlockHeader& header, const Hash256& target) override;
    void stop_search() override;

    /// Number of nonces tried since the start.
    uint64_t hashes() const { return hashes_.load(std::memory_order_relaxed); }

    /// Measured rate: nonces tried per second during about the last ten seconds of searching; 0
    /// during the first second.
    double hashes_per_second() const;

 private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    using SteadyDuration = std::chrono::steady_clock::duration;

    struct Slice {
        uint64_t generation = 0;
        uint64_t job = 0;
        std::array<uint8_t, BlockHeader::kSize> header{};
        Hash256 target;
        uint32_t first = 0;
        uint64_t count = 0;
    };

    void run();
    bool take(Slice& slice);
    void wait_for_turn(std::unique_lock<std::mutex>& lock);
    void search_slice(const Slice& slice);
    void measure(SteadyTime now);

    const MinerPoolOptions options_;
    EventSink& sink_;
    std::atomic<uint64_t> hashes_{0};
    std::atomic<uint64_t> generation_{0};  // of the running search; written under mutex_
    std::vector<std::thread> threads_;     // the caller's

    mutable std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable changed_;
    bool searching_ = false;
    bool stop_ = false;
    uint64_t job_ = 0;
    std::array<uint8_t, BlockHeader::kSize> header_{};
    Hash256 target_;
    uint64_t next_nonce_ = 0;
    uint64_t tried_ = 0;      // nonces in finished slices of this search
    SteadyTime next_turn_{};  // when the next slice may begin, with a rate
    SteadyTime measured_from_{};
    SteadyDuration measured_time_{};
    double measured_hashes_ = 0;
};

}  // namespace parley
