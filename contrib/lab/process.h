// Process: a child process that never outlives this one. Not thread-safe; one owner.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace parley::lab {

class Process {
 public:
    /// Starts `arguments[0]` with the remaining arguments; appends stdout and stderr to
    /// `output_file`. Throws std::runtime_error with a sentence on failure. The kernel kills the
    /// child when this process dies.
    Process(const std::vector<std::string>& arguments, const std::string& output_file);
    /// Kills the child if it is still running, and waits for it.
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    bool running();
    void signal(int number);
    /// Waits for the child to end; false if `limit` passes first.
    bool wait(std::chrono::milliseconds limit);

    /// User and system time used by the child so far, in seconds; 0 after it has ended.
    double cpu_seconds() const;

 private:
    pid_t pid_ = -1;
    bool ended_ = false;
};

}  // namespace parley::lab
