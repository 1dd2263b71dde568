// PeriodicTask: calls a function from time to time, on a thread of its own, for files that are
// written while the node runs. Thread-safe, except start() and stop(), which only its owner calls.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/time.h"

namespace parley {

class PeriodicTask {
 public:
    PeriodicTask() = default;
    ~PeriodicTask() { stop(); }
    PeriodicTask(const PeriodicTask&) = delete;
    PeriodicTask& operator=(const PeriodicTask&) = delete;

    /// The first call is after one interval. The log must outlive this object.
    void start(Duration interval, LogSink& log, std::function<void()> task);
    /// As if this much time had passed (mockscheduler). No effect before start().
    void advance(Duration duration);
    /// Waits for a call that runs.
    void stop();

 private:
    using Clock = std::chrono::steady_clock;

    void work(Duration interval, LogSink& log, const std::function<void()>& task);

    std::thread thread_;
    std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable changed_;
    Clock::time_point due_{};
    bool stopping_ = false;
};

}  // namespace parley
