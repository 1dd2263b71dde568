#include "node/daemon/files/periodic_task.h"

#include <pthread.h>

#include <utility>

namespace parley {

void PeriodicTask::start(Duration interval, LogSink& log, std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        due_ = Clock::now() + interval;
    }
    thread_ =
        std::thread([this, interval, &log, run = std::move(task)] { work(interval, log, run); });
}

void PeriodicTask::work(Duration interval, LogSink& log, const std::function<void()>& task) {
    ::pthread_setname_np(::pthread_self(), "scheduler");  // bitcoind's name, and its line
    log.info(LogCategory::general, "scheduler thread start");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (Clock::now() < due_) {
            changed_.wait_until(lock, due_);
            continue;
        }
        due_ = Clock::now() + interval;
        lock.unlock();
        task();
        lock.lock();
    }
}

void PeriodicTask::advance(Duration duration) {
    {
        const std::lock_guard lock(mutex_);
        due_ -= duration;
    }
    changed_.notify_all();
}

void PeriodicTask::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

}  // namespace parley
