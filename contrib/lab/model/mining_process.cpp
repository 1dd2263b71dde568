#include "contrib/lab/model/mining_process.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace parley::lab {
namespace {

constexpr double kTwoTo64 = 18446744073709551616.0;

/// probability * 2^64, at most 2^64 - 1.
uint64_t threshold(double probability) {
    const double scaled = std::max(0.0, probability) * kTwoTo64;
    return scaled >= kTwoTo64 ? UINT64_MAX : static_cast<uint64_t>(scaled);
}

}  // namespace

MiningProcess::MiningProcess(const std::vector<double>& shares, uint64_t seed)
    : random_(SeededRandom::stream(seed, 0, "mining")) {
    CHECK(!shares.empty());
    double sum = 0;
    for (const double share : shares) {
        CHECK(share >= 0);
        sum += share;
        bounds_.push_back(threshold(sum));
    }
    CHECK(std::abs(sum - 1) < 1e-6);
    // Blocks must not go to a miner without hash power because the sum was rounded.
    while (shares[bounds_.size() - 1] == 0) bounds_.pop_back();
    bounds_.pop_back();
}

MiningProcess::Found MiningProcess::next() {
    time_ += random_.exponential(kUnitsPerInterval);
    return {time_, next_miner()};
}

uint32_t MiningProcess::next_miner() {
    const auto bound = std::upper_bound(bounds_.begin(), bounds_.end(), random_.next());
    return static_cast<uint32_t>(bound - bounds_.begin());
}

bool MiningProcess::chance(double probability) {
    return random_.next() < threshold(probability);
}

}  // namespace parley::lab
