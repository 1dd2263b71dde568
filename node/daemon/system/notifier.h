// Notifier: runs the shell commands of -blocknotify, -startupnotify and -shutdownnotify, on a
// thread that is started with the first one. Commands run one after the other; they inherit no
// socket, no store and no signal mask of this process. Thread-safe.
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
    explicit Notifier(LogSink& log) : log_(log) {}
    /// Does not wait for the command that is running. Those that still wait their turn are started
    /// at once, side by side.
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    void run(std::string command);
    /// Runs the command on the calling thread, and returns when it has ended.
    void run_now(const std::string& command);

 private:
    void work();
    /// Waits until the command has ended, or until the Notifier is being destroyed. REQUIRES: the
    /// lock.
    void wait_for(pid_t child, const std::string& command, std::unique_lock<std::mutex>& lock);
    void report(const std::string& command, int status);

    LogSink& log_;
    std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable changed_;
    std::deque<std::string> commands_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace parley
