#include "node/simulator/network/link_delays.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace parley::sim {
LatencyTable six_regions_2015() {
    return LatencyTable::from_upper_triangle(6, {35.5,   119.49, 254.79, 310.11, 154.36, 207.91,
                                                 11.61,  221.08, 241.9,  266.45, 350.07,  // EU
                                                 137.09, 346.65, 255.95, 268.91,          // SA
                                                 99.46,  172.24, 277.8,                   // AP
                                                 8.76,   162.59,                          // JP
                                                 21.72});                                 // AU
}

LatencyTable link_delays(const Overlay& overlay, const std::vector<Duration>& there,
                         const std::vector<Duration>& back) {
    CHECK(there.size() == overlay.links.size() && back.size() == overlay.links.size());
    Duration sum{0};
    for (const Duration delay : there) sum += delay;
    for (const Duration delay : back) sum += delay;
    const auto count = static_cast<int64_t>(std::max<size_t>(1, 2 * there.size()));
    const size_t nodes = overlay.nodes;
    std::vector<Duration> table(nodes * nodes, sum / count);
    for (size_t i = 0; i < there.size(); ++i) {
        const auto [from, to] = overlay.links[i];
        table[from * nodes + to] = there[i];
        table[to * nodes + from] = back[i];
    }
    return LatencyTable::from_matrix(nodes, std::move(table));
}

LatencyTable link_delays(const Overlay& overlay, const std::vector<Duration>& delays) {
    return link_delays(overlay, delays, delays);
}

}  // namespace parley::sim
