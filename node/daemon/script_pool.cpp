#include "node/daemon/script_pool.h"

#include <pthread.h>

#include <algorithm>

namespace parley {
namespace {

// Waking a thread costs as much as a few signatures: small work stays on the caller.
constexpr size_t kParallelChecksMin = 8;
// Taken at once: few enough to share the tail evenly, enough to keep the counter cold.
constexpr size_t kChunk = 4;
// bitcoind's limit: beyond it the threads wait for memory, not for each other.
constexpr unsigned kThreadsMax = 16;

}  // namespace

unsigned script_threads(int par, unsigned cores) {
    const int wanted = par > 0 ? par : static_cast<int>(std::min(cores, kThreadsMax)) + par;
    return static_cast<unsigned>(std::clamp(wanted, 1, static_cast<int>(kThreadsMax)));
}

ScriptPool::ScriptPool(unsigned threads, SignatureCache* cache)
    : worker_count_(std::max(threads, 1u) - 1), cache_(cache) {}

ScriptPool::~ScriptPool() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    arrived_.notify_all();
    for (auto& worker : workers_) worker.join();
}

void ScriptPool::start_workers() {
    while (workers_.size() < worker_count_) workers_.emplace_back([this] { run_worker(); });
}

std::optional<ScriptFailure> ScriptPool::verify_all(std::span<const ScriptCheck> checks) {
    Work work;
    work.checks = checks;
    work.failed = checks.size();
    const bool parallel = worker_count_ > 0 && checks.size() >= kParallelChecksMin;
    if (parallel) {
        start_workers();
        {
            const std::lock_guard lock(mutex_);
            work_ = &work;
            ++round_;
        }
        arrived_.notify_all();
    }
    verify(work);
    if (parallel) {
        std::unique_lock lock(mutex_);
        work_ = nullptr;  // who has not come by now finds nothing
        left_.wait(lock, [this] { return working_ == 0; });
    }
    if (work.failed == checks.size()) return std::nullopt;
    return ScriptFailure{work.failed, work.error};
}

void ScriptPool::run_worker() {
    ::pthread_setname_np(::pthread_self(), "scriptch");
    std::unique_lock lock(mutex_);
    uint64_t last_round = 0;
    while (true) {
        // A worker that emptied the list must not take it again.
        arrived_.wait(lock, [&] { return stop_ || (work_ != nullptr && round_ != last_round); });
        if (stop_) return;
        last_round = round_;
        Work* const work = work_;
        ++working_;
        lock.unlock();
        verify(*work);
        lock.lock();
        --working_;
        left_.notify_one();
    }
}

// Positions are handed out in rising order, and none below the lowest failure is skipped: when
// everybody is done, all of them were checked and passed.
void ScriptPool::verify(Work& work) const {
    while (true) {
        const size_t first = work.next.fetch_add(kChunk, std::memory_order_relaxed);
        const size_t end = std::min(first + kChunk, work.checks.size());
        if (first >= end) return;
        for (size_t i = first; i < end; ++i) {
            if (i > work.failed.load(std::memory_order_relaxed)) return;
            const auto error = run_script_check(work.checks[i], cache_);
            if (!error) continue;
            const std::lock_guard lock(work.mutex);
            if (i < work.failed.load(std::memory_order_relaxed)) {
                work.failed.store(i, std::memory_order_relaxed);
                work.error = *error;
            }
            return;
        }
    }
}

}  // namespace parley
