// Notifier: runs the shell commands of -blocknotify, -startupnotify and -shutdownnotify one after
// the other, on a thread that is started with the first one. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"

namespace parley {

class Notifier {
 public:
    /// If a command takes longer than the time between blocks, others accumulate. Only this many
    /// wait; beyond it, the oldest is dropped.
    static constexpr size_t kCommandsMax = 1'000;

    explicit Notifier(LogSink& log, size_t commands_max = kCommandsMax)
        : log_(log), commands_max_(commands_max) {}
    /// Waits for all commands passed so far.
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    void run(std::string command);

 private:
    void work();

    LogSink& log_;
    const size_t commands_max_;
    std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable arrived_;
    std::deque<std::string> commands_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace parley
