#include "contrib/lab/commands/interrupt.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace parley::lab {
namespace {

volatile std::sig_atomic_t signal_seen = 0;

void on_signal(int) {
    signal_seen = 1;
}

}  // namespace

void catch_interrupts() {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
}

bool interrupted() {
    return signal_seen != 0;
}

Progress::Progress(std::string unit, uint64_t total)
    : unit_(std::move(unit)), total_(total), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    constexpr const char* kClearLine = "\r\033[K";
    if (terminal_ && shown_permille_ != UINT64_MAX) fmt::print(stderr, kClearLine);
}

bool Progress::show(uint64_t done) {
    done = std::min(done, total_);
    const auto permille = static_cast<uint64_t>(1'000 * static_cast<double>(done) /
                                                static_cast<double>(std::max<uint64_t>(total_, 1)));
    if (terminal_ && permille != shown_permille_) {
        constexpr size_t kBarWidth = 40;
        const size_t full = kBarWidth * permille / 1'000;
        fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {:5.1f} %  {} of {} {}", "", full, "",
                   kBarWidth - full, static_cast<double>(permille) / 10, done, total_, unit_);
        std::fflush(stderr);
        shown_permille_ = permille;
    }
    return !interrupted();
}

}  // namespace parley::lab
