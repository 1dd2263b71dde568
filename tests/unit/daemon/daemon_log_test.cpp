// debug.log's lines, categories and size; and the commands of -blocknotify and its like.
#include "node/daemon/daemon_log.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <thread>

#include "node/daemon/system/notifier.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class DaemonLogTest : public testing::Test {
 protected:
    DaemonLogTest() {
        options.path = directory / "debug.log";
        options.console = false;
        options.timestamps = false;
    }
    DaemonLog& open() {
        auto opened = DaemonLog::open(options);
        EXPECT_TRUE(opened) << (opened ? "" : opened.error());
        log = std::move(*opened);
        return *log;
    }

    TemporaryDirectory directory;
    LogOptions options;
    std::unique_ptr<DaemonLog> log;
};

TEST_F(DaemonLogTest, lines_are_in_the_file_at_once_and_have_bitcoinds_form) {
    options.categories = {"net"};
    open();
    log->info(LogCategory::general, "Bound to {}", "127.0.0.1:1");
    EXPECT_EQ(contents(options.path), "Bound to 127.0.0.1:1\n");
    log->info(LogCategory::net, "info");
    log->debug(LogCategory::net, "debug");
    log->debug(LogCategory::mempool, "nobody asked for this");
    log->debug(LogCategory::general, "nor for this");
    log->warning(LogCategory::general, "careful");
    log->error(LogCategory::validation, "broken");
    EXPECT_EQ(
        contents(options.path),
        "Bound to 127.0.0.1:1\ninfo\n[net] debug\n[warning] careful\n[validation:error] broken\n");
}

TEST_F(DaemonLogTest, levels_hold_for_all_or_for_one_category) {
    options.categories = {"net", "mempool"};
    options.levels = {"warning", "net:info"};
    open();
    log->debug(LogCategory::net, "not this");
    log->debug(LogCategory::mempool, "debug");
    log->info(LogCategory::general, "nor this");
    log->warning(LogCategory::net, "careful");
    EXPECT_EQ(contents(options.path), "[mempool] debug\n[net:warning] careful\n");
    for (const auto& [level, problem] :
         {std::pair{"abc",
                    "Unsupported global logging level -loglevel=abc. Valid values: info, "
                    "debug, trace."},
          std::pair{"net:abc", "Unsupported category-specific logging level -loglevel=net:abc. "},
          std::pair{"net:info:abc",
                    "Unsupported category-specific logging level -loglevel=net:info:abc. "},
          std::pair{"abc:info",
                    "Unsupported category-specific logging level -loglevel=abc:info. "}}) {
        options.levels = {level};
        const auto opened = DaemonLog::open(options);
        ASSERT_FALSE(opened) << level;
        EXPECT_TRUE(opened.error().starts_with(problem)) << opened.error();
    }
}

TEST_F(DaemonLogTest, a_peers_text_cannot_start_a_line) {
    open().info(LogCategory::net, "agent: {}", "a\nb\r\x1b[0m\x7f é");
    EXPECT_EQ(contents(options.path), "agent: a\\x0ab\\x0d\\x1b[0m\\x7f é\n");
}

TEST_F(DaemonLogTest, time_and_thread_stand_before_the_line) {
    options.timestamps = options.microseconds = options.thread_names = true;
    open().info(LogCategory::general, "hello");
    const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \[[^\]]+\] hello\n)");
    EXPECT_TRUE(std::regex_match(contents(options.path), form)) << contents(options.path);
}

TEST_F(DaemonLogTest, categories_are_switched_while_it_runs) {
    options.categories = {"all"};
    options.excluded = {"mempool"};
    open();
    EXPECT_TRUE(log->category_enabled(LogCategory::net));
    EXPECT_FALSE(log->category_enabled(LogCategory::mempool));
    EXPECT_TRUE(log->set_category("mempool", true));
    EXPECT_TRUE(log->enabled(LogCategory::mempool, LogLevel::debug));
    EXPECT_TRUE(log->set_category("all", false));
    EXPECT_FALSE(log->enabled(LogCategory::net, LogLevel::debug));
    EXPECT_TRUE(log->enabled(LogCategory::net, LogLevel::info));
    // bitcoind's; no lines here, but what was switched on stays so.
    EXPECT_TRUE(log->set_category("tor", true));
    const auto all = log->categories();
    EXPECT_TRUE(std::ranges::is_sorted(all));
    EXPECT_NE(std::ranges::find(all, DaemonLog::Category{"tor", true}), all.end());
    EXPECT_NE(std::ranges::find(all, DaemonLog::Category{"zmq", false}), all.end());
    EXPECT_TRUE(log->set_category("libevent", true));
    EXPECT_EQ(all.size(), log->categories().size());
    EXPECT_FALSE(log->set_category("gossip", true));
}

TEST_F(DaemonLogTest, what_cannot_be_is_a_sentence) {
    options.categories = {"gossip"};
    EXPECT_EQ(DaemonLog::open(options).error(), "Unsupported logging category -debug=gossip.");
    options.categories = {};
    options.path = directory.path();  // a folder
    const auto refused = DaemonLog::open(options);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().find("Could not open debug log file"), std::string::npos)
        << refused.error();
}

TEST_F(DaemonLogTest, a_long_log_keeps_its_end) {
    std::string line(99, 'x');
    line += '\n';
    {
        std::ofstream out(options.path, std::ios::binary);
        for (int i = 0; i < 120'000; ++i) out << line;
        out << "the newest line\n";
    }
    options.shrink = false;
    open();
    EXPECT_GT(std::filesystem::file_size(options.path), 11'999'000u);
    options.shrink = true;
    open().info(LogCategory::general, "started");
    const std::string kept = contents(options.path);
    EXPECT_LE(kept.size(), 10'000'100u);
    EXPECT_GE(kept.size(), 9'999'000u);
    EXPECT_EQ(kept.substr(0, line.size()), line);  // begins with a whole one
    EXPECT_TRUE(kept.ends_with("the newest line\nstarted\n"));
}

// Waits until the file contains the text; fails the test after some seconds.
void expect_contents(const std::string& path, const std::string& text) {
    for (int i = 0; i < 1'000 && contents(path) != text; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(contents(path), text);
}

TEST_F(DaemonLogTest, notifier_runs_commands_in_turn) {
    open();
    const std::string out = directory / "out";
    Notifier notifier(*log);
    for (const char* word : {"one", "two", "three"})
        notifier.run("echo " + std::string(word) + " >> '" + out + "'");
    notifier.run("exit 3");
    expect_contents(out, "one\ntwo\nthree\n");
    expect_contents(options.path, "[warning] runCommand error: system(exit 3) returned 768\n");
}

TEST_F(DaemonLogTest, notifier_run_now_returns_after_the_command) {
    open();
    const std::string out = directory / "out";
    Notifier notifier(*log);
    notifier.run_now("echo now > '" + out + "'; exit 3");
    EXPECT_EQ(contents(out), "now\n");
    EXPECT_TRUE(contents(options.path).ends_with("exit 3) returned 768\n"));
}

TEST_F(DaemonLogTest, notifier_destroyed_leaves_running_command_and_starts_waiting_ones) {
    open();
    const std::string out = directory / "out";
    {
        Notifier notifier(*log);
        // Runs until the test lets it go, after the Notifier's end.
        notifier.run("touch '" + (directory / "begun") + "'; for i in $(seq 1000); do [ -e '" +
                     (directory / "go") + "' ] && break; sleep 0.01; done; echo first >> '" + out +
                     "'");
        notifier.run("echo second >> '" + out + "'");
        for (int i = 0; i < 1'000 && !std::ifstream(directory / "begun"); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ASSERT_TRUE(std::ifstream(directory / "begun"));
    }
    expect_contents(out, "second\n");
    std::ofstream(directory / "go") << "go";
    expect_contents(out, "second\nfirst\n");
}

TEST_F(DaemonLogTest, notifier_command_inherits_no_descriptor_and_no_blocked_signal) {
    open();
    const std::string out = directory / "out";
    // Descriptor 200 is ours and not close-on-exec; SIGTERM is blocked, as in the daemon.
    ASSERT_EQ(::dup2(STDERR_FILENO, 200), 200);
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
    {
        Notifier notifier(*log);
        notifier.run_now("[ -e /proc/$$/fd/200 ] && echo inherited > '" + out +
                         "'; exec grep SigBlk /proc/self/status >> '" + out + "'");
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::close(200);
    EXPECT_EQ(contents(out), "SigBlk:\t0000000000000000\n");
}

TEST_F(DaemonLogTest, notifier_drops_the_oldest_of_too_many) {
    open();
    const std::string out = directory / "out";
    constexpr int kWaiting = 10'000;
    {
        Notifier notifier(*log);
        // The first holds the thread until the others were handed over.
        notifier.run("touch '" + (directory / "begun") + "'; for i in $(seq 1000); do [ -e '" +
                     (directory / "go") + "' ] && break; sleep 0.01; done");
        for (int i = 0; i < 1'000 && !std::ifstream(directory / "begun"); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ASSERT_TRUE(std::ifstream(directory / "begun"));
        notifier.run("echo dropped >> '" + out + "'");
        for (int i = 0; i < kWaiting; ++i) notifier.run("echo kept >> '" + out + "'");
    }
    std::ofstream(directory / "go") << "go";
    // Only the first hundred of them are started at the end.
    std::string hundred;
    for (int i = 0; i < 100; ++i) hundred += "kept\n";
    expect_contents(out, hundred);
    EXPECT_NE(
        contents(options.path).find("dropped because too many commands are waiting: echo dropped"),
        std::string::npos);
    EXPECT_NE(contents(options.path).find("9900 commands that still waited are dropped"),
              std::string::npos);
}

}  // namespace
}  // namespace parley
