// Process: a child program that never outlives this one. Not thread-safe; one owner.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace parley::lab {

class Process {
 public:
    /// Starts `arguments[0]` with the others; stdout and stderr go to `output_file` (appended).
    /// Throws std::runtime_error with a sentence when that is not possible. The kernel kills the
    /// child when this process dies.
    Process(const std::vector<std::string>& arguments, const std::string& output_file);
    /// Kills it, if it still runs, and waits for it.
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    bool running();
    void signal(int number);
    /// Waits for the end; false when `limit` passes first.
    bool wait(std::chrono::milliseconds limit);

    /// User and system time that the child has used so far, in seconds; 0 once it has ended.
    double cpu_seconds() const;

 private:
    pid_t pid_ = -1;
    bool ended_ = false;
};

}  // namespace parley::lab
