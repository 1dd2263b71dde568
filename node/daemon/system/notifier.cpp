#include "node/daemon/system/notifier.h"

#include <pthread.h>

#include <cstdlib>

namespace parley {

Notifier::~Notifier() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    arrived_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Notifier::run(std::string command) {
    {
        const std::lock_guard lock(mutex_);
        if (commands_.size() >= commands_max_) {
            log_.warning(LogCategory::general,
                         "runCommand: dropped because too many commands are waiting: {}",
                         commands_.front());
            commands_.pop_front();
        }
        commands_.push_back(std::move(command));
        if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    }
    arrived_.notify_one();
}

void Notifier::work() {
    ::pthread_setname_np(::pthread_self(), "notify");
    std::unique_lock lock(mutex_);
    while (true) {
        arrived_.wait(lock, [this] { return stop_ || !commands_.empty(); });
        if (commands_.empty()) return;
        const std::string command = std::move(commands_.front());
        commands_.pop_front();
        lock.unlock();
        const int status = std::system(command.c_str());
        if (status != 0)
            log_.warning(LogCategory::general, "runCommand error: system({}) returned {}", command,
                         status);
        lock.lock();
    }
}

}  // namespace parley
