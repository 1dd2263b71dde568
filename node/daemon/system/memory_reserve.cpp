#include "node/daemon/system/memory_reserve.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>

namespace parley {
namespace {

// Enough to flush the coins' changes in slices and to answer what is under way.
constexpr size_t kReserveBytes = 16 << 20;

// Process-wide, as the new-handler is.
std::atomic<void*> reserve{nullptr};
std::atomic<bool> reserve_used{false};

// Runs inside the allocation that failed, on any thread and with any lock held: it only calls what
// a signal handler may call.
void on_out_of_memory() {
    void* const kept = reserve.exchange(nullptr);
    if (kept == nullptr) {
        // As after kill -9: nothing that was acknowledged is lost.
        constexpr std::string_view kPrefix = "Error: ";
        constexpr std::string_view kSentence = MemoryReserve::kSentence;
        for (const std::string_view text : {kPrefix, kSentence, std::string_view("\n")}) {
            if (::write(STDERR_FILENO, text.data(), text.size()) < 0) break;
        }
        std::_Exit(EXIT_FAILURE);
    }
    reserve_used = true;
    std::free(kept);
    ::kill(::getpid(), SIGTERM);
}

}  // namespace

MemoryReserve::MemoryReserve() {
    // Address space only: it is never written to, so it takes no memory until it is given away.
    void* const memory = std::malloc(kReserveBytes);
    if (memory == nullptr) return;
    reserve = memory;
    std::set_new_handler(&on_out_of_memory);
}

MemoryReserve::~MemoryReserve() {
    std::set_new_handler(nullptr);
    std::free(reserve.exchange(nullptr));
}

bool MemoryReserve::used() {
    return reserve_used;
}

}  // namespace parley
