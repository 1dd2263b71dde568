// How many blocks a second of processor time the abstract mining race computes. Prints figures
// only. Usage: parley-bench-race [heights].
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "contrib/lab/model/mining_race.h"

namespace parley::lab {
namespace {

constexpr uint64_t kHeightsDefault = 1'000'000;

void print(const char* network_name, const MiningNetwork& network, uint64_t heights) {
    RaceOptions options;
    options.heights = heights;
    const std::clock_t begin = std::clock();
    const RaceResult result = run_race(network, options);
    // Processor time, so that other programs on the machine do not count.
    const double spent = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    std::printf("%-40s %9llu blocks in %6.3f s of one core: %5.2f million blocks/s; F_h %5.2f %%\n",
                network_name, static_cast<unsigned long long>(result.blocks), spent,
                static_cast<double>(result.blocks) / spent / 1e6,
                100 * result.forked_heights().value());
    std::fflush(stdout);
}

/// Each miner has a link to the next one and one across.
MiningNetwork ring_with_chords(size_t size, double delay) {
    std::vector<Miner> miners;
    std::vector<Link> links;
    for (size_t i = 0; i < size; ++i) {
        miners.push_back({std::to_string(i), 1});
        links.push_back({i, (i + 1) % size, delay * (1 + 0.1 * static_cast<double>(i))});
        if (i < size / 2) links.push_back({i, i + size / 2, 2 * delay});
    }
    return *flooding_network(miners, links, 1);
}

int run(uint64_t heights) {
    for (const size_t miners : {2u, 16u, 64u, 256u}) {
        for (const double lambda_delta : {0.01, 1.0}) {
            const std::vector<double> shares(miners, 1 / static_cast<double>(miners));
            char name[64];
            std::snprintf(name, sizeof name, "%zu miners, lambda Delta = %g", miners, lambda_delta);
            print(name, *uniform_network(shares, lambda_delta), heights);
        }
    }
    print("16 miners, ring with chords", ring_with_chords(16, 0.02), heights);
    return 0;
}

}  // namespace
}  // namespace parley::lab

int main(int count, char** values) {
    const uint64_t heights =
        count > 1 ? std::strtoull(values[1], nullptr, 10) : parley::lab::kHeightsDefault;
    if (heights == 0 || heights > parley::lab::kRaceHeightsMax) {
        std::fprintf(stderr, "parley-bench-race: the number of heights must be 1 to %llu\n",
                     static_cast<unsigned long long>(parley::lab::kRaceHeightsMax));
        return 1;
    }
    return parley::lab::run(heights);
}
