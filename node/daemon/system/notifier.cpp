#include "node/daemon/system/notifier.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

// If a command takes longer than the time between blocks, others accumulate. Only this many wait;
// beyond it, the oldest is dropped. A batch of generated blocks fits, at a few megabytes.
constexpr size_t kCommandsMax = 10'000;
// Commands started side by side when the process ends; more could exhaust the machine's processes.
constexpr size_t kLastCommandsMax = 100;
// How often a running command is looked at while the Notifier could be destroyed.
constexpr auto kLookInterval = std::chrono::milliseconds(100);

// Starts `sh -c command`. Empty: no process could be created.
std::optional<pid_t> spawn_shell(std::string command) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (::posix_spawn_file_actions_init(&actions) != 0) return std::nullopt;
    if (::posix_spawnattr_init(&attributes) != 0) {
        ::posix_spawn_file_actions_destroy(&actions);
        return std::nullopt;
    }
    // Without this, a command that outlives the process keeps its ports and its data directory.
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    // All threads of the daemon block signals and the process ignores SIGPIPE.
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    sigset_t reset;
    ::sigemptyset(&reset);
    ::sigaddset(&reset, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &reset);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = "sh";
    std::string option = "-c";
    char* const arguments[] = {name.data(), option.data(), command.data(), nullptr};
    pid_t child = 0;
    const int error = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return std::nullopt;
    return child;
}

}  // namespace

Notifier::~Notifier() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
    if (commands_.size() > kLastCommandsMax)
        log_.warning(LogCategory::general,
                     "runCommand: {} commands that still waited are dropped at the shutdown",
                     commands_.size() - kLastCommandsMax);
    for (size_t i = 0; i < commands_.size() && i < kLastCommandsMax; ++i) spawn_shell(commands_[i]);
}

void Notifier::run(std::string command) {
    {
        const std::lock_guard lock(mutex_);
        if (commands_.size() >= kCommandsMax) {
            log_.warning(LogCategory::general,
                         "runCommand: dropped because too many commands are waiting: {}",
                         commands_.front());
            commands_.pop_front();
        }
        commands_.push_back(std::move(command));
        if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    }
    changed_.notify_one();
}

void Notifier::run_now(const std::string& command) {
    int status = -1;
    if (const auto child = spawn_shell(command)) {
        while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    report(command, status);
}

void Notifier::work() {
    ::pthread_setname_np(::pthread_self(), "notify");
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stop_ || !commands_.empty(); });
        if (stop_) return;
        const std::string command = std::move(commands_.front());
        commands_.pop_front();
        lock.unlock();
        const auto child = spawn_shell(command);
        lock.lock();
        if (child)
            wait_for(*child, command, lock);
        else
            report(command, -1);
    }
}

void Notifier::wait_for(pid_t child, const std::string& command,
                        std::unique_lock<std::mutex>& lock) {
    // Readable when the process has ended, so that its end is seen without delay.
    const UniqueFd ended{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
    while (!stop_) {
        lock.unlock();
        if (ended.valid()) {
            pollfd waiting{ended.get(), POLLIN, 0};
            ::poll(&waiting, 1, static_cast<int>(kLookInterval.count()));
        } else {
            std::this_thread::sleep_for(kLookInterval);
        }
        int status = 0;
        const pid_t done = ::waitpid(child, &status, WNOHANG);
        lock.lock();
        if (done == 0) continue;
        if (done == child) report(command, status);
        return;
    }
}

void Notifier::report(const std::string& command, int status) {
    if (status != 0)
        log_.warning(LogCategory::general, "runCommand error: system({}) returned {}", command,
                     status);
}

}  // namespace parley
