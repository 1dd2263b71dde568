// How much faster than real time the simulator runs whole nodes, and where the time goes: 16 miners
// in a mesh at 10-minute blocks, then other sizes. Prints figures only. Usage:
// parley-bench-simulator [virtual hours [number of cases]].
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

double seconds_of(auto duration) {
    return std::chrono::duration<double>(duration).count();
}

struct Case {
    const char* name;
    size_t nodes;
    size_t degree;  ///< 0: mesh
    bool payments;  ///< one transaction a minute
};

void run(const Case& each, Duration virtual_time) {
    const size_t coins = 500;
    const Purse purse(coins);
    World world({.seed = 1, .latency = LatencyTable::six_regions_2019()});
    for (size_t i = 0; i < each.nodes; ++i) {
        NodeSpec spec = pow_node(purse.params(), static_cast<uint32_t>(1'000'000 / each.nodes));
        spec.region = i % 6;
        world.add_node(std::move(spec));
    }
    if (each.degree == 0) {
        world.connect_mesh();
    } else {
        world.connect_random(each.degree);
    }
    world.run_for(minutes{1});
    const std::clock_t begin = std::clock();
    const uint64_t events_before = world.events();
    const TimePoint from = world.now();
    size_t paid = 0;
    while (world.now() - from < virtual_time) {
        if (each.payments && paid < coins) {
            submit(world, paid % each.nodes, purse.pay(paid));
            ++paid;
        }
        world.run_for(minutes{1});
    }
    // Processor time, so that other programs on the machine do not count.
    const double spent = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const double simulated = seconds_of(world.now() - from);
    std::printf(
        "%-34s %6.1f h in %7.3f s of one core: %8.0f x real time; %6.0f kevents/s; %5.1f MB sent; "
        "height %d\n",
        each.name, simulated / 3600, spent, simulated / spent,
        static_cast<double>(world.events() - events_before) / spent / 1000,
        static_cast<double>(world.bytes_sent()) / 1e6, height(world, 0));
    std::fflush(stdout);
    if (std::getenv("PARLEY_BENCH_COMMANDS") == nullptr) return;
    for (const auto& [command, traffic] : world.sent_by_command()) {
        std::printf("  %-12s %9llu messages %12llu bytes\n", command.c_str(),
                    static_cast<unsigned long long>(traffic.messages),
                    static_cast<unsigned long long>(traffic.bytes));
    }
}

}  // namespace
}  // namespace parley::sim

int main(int count, char** arguments) {
    using namespace parley::sim;
    const int span = count > 1 ? std::max(1, std::atoi(arguments[1])) : 24;
    const int cases = count > 2 ? std::atoi(arguments[2]) : 4;
    if (cases > 0) run({"16 nodes, mesh", 16, 0, false}, hours{span});
    if (cases > 1) run({"16 nodes, mesh, a payment a minute", 16, 0, true}, hours{span});
    if (cases > 2) run({"16 nodes, degree 4", 16, 4, false}, hours{span});
    if (cases > 3) run({"100 nodes, degree 4", 100, 4, false}, hours{span} / 4);
}
