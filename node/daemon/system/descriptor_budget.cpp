#include "node/daemon/system/descriptor_budget.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace parley {
namespace {

// Under a tight limit: enough for a command line beside a program that holds connections.
constexpr size_t kClientsMin = 16;

}  // namespace

Expected<DescriptorBudget, std::string> divide_descriptors(size_t available,
                                                           const DescriptorBudget& wanted) {
    const size_t clients_min = std::min(kClientsMin, wanted.clients);
    const size_t required = kReservedDescriptors + kExtraPeerConnections + clients_min;
    if (available < required)
        return Unexpected(
            fmt::format("Not enough file descriptors available. {} available, {} required. Raise "
                        "the limit (ulimit -n).",
                        available, required));
    const size_t rest = available - required;
    DescriptorBudget budget;
    // A third of what is scarce goes to the clients, unless the peers leave more.
    const size_t for_clients = std::max(rest / 3, rest - std::min(rest, wanted.peers));
    budget.clients = std::min(wanted.clients, clients_min + for_clients);
    budget.peers = std::min(wanted.peers, rest - (budget.clients - clients_min));
    return budget;
}

size_t raise_descriptor_limit(size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    rlimit raised = limit;
    raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace parley
