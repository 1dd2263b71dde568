#include "contrib/lab/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace parley::lab {

Process::Process(const std::vector<std::string>& arguments, const std::string& output_file) {
    std::vector<std::string> copies = arguments;
    std::vector<char*> raw;
    for (auto& argument : copies) raw.push_back(argument.data());
    raw.push_back(nullptr);
    const int output = ::open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (output < 0)
        throw std::runtime_error("cannot write " + output_file + ": " + std::strerror(errno));
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        // Only async-signal-safe calls are allowed between fork and exec.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::setpgid(
            0, 0);  // so that Ctrl-C reaches only the lab, which then stops its children in order
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::execv(raw[0], raw.data());
        ::_exit(127);
    }
    ::close(output);
    if (pid_ < 0)
        throw std::runtime_error(std::string{"cannot start a process: "} + std::strerror(errno));
}

Process::~Process() {
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

bool Process::running() {
    if (!ended_) ended_ = ::waitpid(pid_, nullptr, WNOHANG) != 0;
    return !ended_;
}

void Process::signal(int number) {
    if (running()) ::kill(pid_, number);
}

bool Process::wait(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (running()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

double Process::cpu_seconds() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const size_t name_end = text.rfind(')');  // the name may contain spaces
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(text.substr(name_end + 1));
    std::string field;
    double ticks = 0;
    // proc(5): fields 14 and 15 of the line are utime and stime; the first behind the name is
    // field 3.
    for (int number = 3; fields >> field && number <= 15; ++number) {
        if (number >= 14) ticks += std::stod(field);
    }
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace parley::lab
