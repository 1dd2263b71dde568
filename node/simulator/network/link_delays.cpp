#include "node/simulator/network/link_delays.h"

#include <algorithm>

#include "base/check.h"

namespace parley::sim {
namespace {

/// A little more than the exact value, because the table rounds down to microseconds.
double milliseconds_of(Duration delay) {
    constexpr double kMargin = 1e-4;
    return static_cast<double>(delay.count()) / 1'000 + kMargin;
}

}  // namespace

LatencyTable six_regions_2015() {
    return LatencyTable::from_upper_triangle(6, {35.5,   119.49, 254.79, 310.11, 154.36, 207.91,
                                                 11.61,  221.08, 241.9,  266.45, 350.07,  // EU
                                                 137.09, 346.65, 255.95, 268.91,          // SA
                                                 99.46,  172.24, 277.8,                   // AP
                                                 8.76,   162.59,                          // JP
                                                 21.72});                                 // AU
}

LatencyTable link_delays(const Overlay& overlay, const std::vector<Duration>& delays) {
    CHECK(delays.size() == overlay.links.size());
    Duration sum{0};
    for (const Duration delay : delays) sum += delay;
    const auto count = static_cast<int64_t>(std::max<size_t>(1, delays.size()));
    const size_t nodes = overlay.nodes;
    std::vector<double> table(nodes * (nodes + 1) / 2, milliseconds_of(sum / count));
    for (size_t i = 0; i < delays.size(); ++i) {
        const auto [low, high] = std::minmax(overlay.links[i].first, overlay.links[i].second);
        const size_t row = low * nodes - low * (low + 1) / 2;  // where column 0 of the row would be
        table[row + high] = milliseconds_of(delays[i]);
    }
    return LatencyTable::from_upper_triangle(nodes, table);
}

}  // namespace parley::sim
