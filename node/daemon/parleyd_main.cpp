// parleyd: reads the options, goes to the background if requested, runs the daemon, and reports
// errors.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "node/daemon/daemon.h"
#include "node/daemon/options/config_file.h"
#include "node/daemon/options/option_table.h"
#include "node/daemon/options/start_options.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

// As in bitcoind, what a rebuild would repair is said without "Error: ": there it is the text of a
// question.
int fail(const std::string& sentence) {
    const bool repairable = sentence.find("\nPlease restart with -reindex") != std::string::npos;
    fmt::print(stderr, "{}{}\n", repairable ? "" : "Error: ", sentence);
    return EXIT_FAILURE;
}

// A pipe from the background process to the process that the user started: it carries one byte when
// the node is ready. If startup fails, the pipe closes without a byte.
class Background {
 public:
    // Forks. Does not return in the process that the user started; returns true in the background
    // process. False: fork failed.
    bool begin(bool wait) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return false;
        std::fflush(nullptr);
        const pid_t child = ::fork();
        if (child < 0) return false;
        if (child > 0) {
            ::close(ends[1]);
            if (!wait) std::_Exit(EXIT_SUCCESS);
            char byte = 0;
            const bool ready = ::read(ends[0], &byte, 1) == 1;
            int status = 0;
            if (!ready) ::waitpid(child, &status, 0);
            std::_Exit(ready ? EXIT_SUCCESS : EXIT_FAILURE);
        }
        ::close(ends[0]);
        ready_ = UniqueFd{ends[1]};
        ::setsid();
        return true;
    }
    void ready() {
        if (!ready_.valid()) return;
        const bool told = ::write(ready_.get(), "r", 1) == 1;
        ready_.reset();
        const UniqueFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        if (!told || !null.valid()) return;
        for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            ::dup2(null.get(), standard);
    }

 private:
    UniqueFd ready_;
};

int run(const std::vector<std::string>& arguments) {
    const char* home = std::getenv("HOME");
    auto start = read_start_options(arguments, home != nullptr ? home : "/");
    if (!start) return fail(start.error());
    if (start->show_version) {
        fmt::print("Parley daemon version v{}\n", version_text());
        return EXIT_SUCCESS;
    }
    if (start->show_help) {
        fmt::print("Parley daemon version v{}\n\nUsage: parleyd [options]\n\n{}", version_text(),
                   options_help());
        return EXIT_SUCCESS;
    }
    Background background;
    if (start->background) {
        fmt::print("Parley starting\n");
        if (!background.begin(start->wait_for_background))
            return fail("Cannot start a background process. Run without -daemon.");
    }
    for (const std::string& notice : start->notices) fmt::print(stderr, "{}\n", notice);
    const std::string problem = run_daemon(start->daemon, std::move(*start->node), start->notes,
                                           [&background] { background.ready(); });
    return problem.empty() ? EXIT_SUCCESS : fail(problem);
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    // Files are private by default, as with bitcoind. The number of malloc arenas is limited,
    // because the arenas of many idle threads waste memory.
    ::umask(077);
    ::mallopt(M_ARENA_MAX, 2);
    return parley::run({argv + 1, argv + argc});
}
